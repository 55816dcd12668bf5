_memcli_completion() {
    local IFS=$'\n' line said="" program=memcli
    [[ $1 == */* ]] && program=${1/#\~/$HOME}
    COMPREPLY=()
    while read -r line; do
        if [[ -z $said ]]; then said=$line; else COMPREPLY+=("$line"); fi
    done < <(_MEMCLI_COMPLETE=complete_bash _MEMCLI_LINE=${COMP_LINE:0:COMP_POINT} \
        _MEMCLI_WIDTH=${COLUMNS-} _MEMCLI_LISTS=$COMP_TYPE _MEMCLI_BREAKS=$COMP_WORDBREAKS \
        "$program" 2>/dev/null)
    if [[ $said != files ]]; then compopt +o default +o bashdefault 2>/dev/null; fi
    return 0
}

complete -o nosort -o bashdefault -o default -F _memcli_completion memcli 2>/dev/null ||
    complete -o bashdefault -o default -F _memcli_completion memcli
