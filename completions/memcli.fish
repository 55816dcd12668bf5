function __memcli_complete
    set -l words (commandline -opc)
    set -l program memcli
    string match -q '*/*' -- $words[1]; and set program $words[1]
    set -l said (env _MEMCLI_COMPLETE=complete_fish _MEMCLI_LINE=(commandline -cp | string collect) \
        $program 2>/dev/null)
    if test "$said[1]" = files
        __fish_complete_path (commandline -ct)
    else if set -q said[2]
        string join \n -- $said[2..-1]
    end
end

complete --command memcli --no-files --keep-order --arguments '(__memcli_complete)'
