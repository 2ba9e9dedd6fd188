"""A workflow that starts by itself each day, and asks before it ends."""

DAILY_REPORT = """\
document:
  dsl: '1.0.3'
  namespace: test
  name: report
  version: '1.0.0'
  title: Report
  metadata: {sponsor: whoever-starts-it}
schedule: {after: P1D}
do:
  - ask:
      call: approval
      with: {title: Send the report, stages: [{eligible: [requester]}]}
  - send: {set: {answer: sent}}
"""
