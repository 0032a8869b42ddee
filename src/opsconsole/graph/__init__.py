"""How we talk to Microsoft: requests that keep Graph's pace, answers cut out byte for byte, errors in our own words."""
