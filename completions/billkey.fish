complete --keep-order --exclusive --command billkey --arguments "(BILLKEY_COMPLETE=fish billkey -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
