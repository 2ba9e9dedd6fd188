"""The record of what was decided: one hash chain a run, appended in the deciding transaction."""
