#compdef ofauth
# Completion of ofauth in zsh.

_ofauth() {
    local ofauth=${words[1]} line name
    local -a found described plain
    # Zero once something is offered.
    local offered=1
    (( $+commands[$ofauth] )) || [[ -x $ofauth ]] || ofauth=@OFAUTH@

    found=("${(@f)$("$ofauth" __complete $((CURRENT - 1)) -- "${(@Q)words}" 2>/dev/null)}")
    case $found[1] in
        :files) _files; return ;;
        :directories) _files -/; return ;;
    esac
    for line in $found; do
        name=${line%%$'\t'*}
        if [[ $name == *= ]]; then
            plain+=("$name")
        elif [[ $line == *$'\t'* ]]; then
            described+=("${name//:/\\:}:${line#*$'\t'}")
        elif [[ -n $name ]]; then
            described+=("${name//:/\\:}")
        fi
    done
    (( $#plain )) && compadd -S '' -a plain && offered=0
    (( $#described )) && _describe -t values 'ofauth' described && offered=0
    return $offered
}

if [[ $funcstack[1] == _ofauth ]]; then
    _ofauth "$@"
else
    compdef _ofauth ofauth
fi
