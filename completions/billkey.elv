
set edit:completion:arg-completer[billkey] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) BILLKEY_COMPLETE="elvish" billkey -- $@words) | to-lines
}

