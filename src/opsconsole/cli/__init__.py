"""Door one: every order and question as a command, in text and in JSON, with exit codes that scripts can rely on."""
