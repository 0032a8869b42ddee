"""What can be asked and ordered: one function a screen or command. It guards, confirms scope, enqueues and audits."""
