"""Jobs of an API: asked for, watched, changed; and files of rows that are uploaded for one."""
