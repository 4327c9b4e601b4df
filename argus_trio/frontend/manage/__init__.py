"""The management API under `/manage/v1/`."""
