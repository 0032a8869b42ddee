"""What asks before something happens."""
