"""What ``baton doctor`` examines, one thing after another.

Read ``check`` (what a finding is), then ``installation`` (this machine: settings, folders, models,
port), ``services`` (what is elsewhere: database, Redis, MCP servers) and ``slack``.
"""
