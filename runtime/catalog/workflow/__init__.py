"""Workflows as they are written: documents of the Open Workflow Specification 1.0.3.

Read ``task.py`` and ``document.py`` first: what a document says, as values. ``read.py`` makes them
from a file; ``grammar.py`` holds the rules of the language and ``shape.py`` checks them,
``sound.py`` checks what no grammar can say. How a workflow is carried out is
``runtime/workflows``' business.

The language: https://github.com/open-workflow-specification/specification
"""
