"""The commands, one file a word on the command line; each file is loaded only when its word is used."""
