"""What the runtime tells its operators, without telling secrets."""
