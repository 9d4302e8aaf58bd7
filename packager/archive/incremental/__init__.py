"""An archive of last time and a folder that has changed a little → the new one. Only `packager pack FOLDER` uses it."""
