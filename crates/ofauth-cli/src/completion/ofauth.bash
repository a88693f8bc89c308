# Completion of ofauth in bash, 3.2 or newer.

_ofauth() {
    local ofauth=${1:-ofauth}
    command -v -- "$ofauth" >/dev/null 2>&1 || ofauth=@OFAUTH@

    # Bash cuts words at some characters, `--shell=bash` into three. The command wants them as they were typed.
    local words=() index=0 at word join=
    for ((at = 0; at < ${#COMP_WORDS[@]}; at++)); do
        word=${COMP_WORDS[at]}
        if ((at > 0)) && [[ $join || $word == [=:]* ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        join=
        [[ $word == [=:] ]] && join=1
        ((at == COMP_CWORD)) && index=$((${#words[@]} - 1))
    done

    local current=${words[index]} found line
    COMPREPLY=()
    found=$("$ofauth" __complete "$index" -- "${words[@]}" 2>/dev/null) || return
    if [[ $found == :files || $found == :directories ]]; then
        local kind=file
        [[ $found == :directories ]] && kind=directory
        # Readline completes files by itself: it knows quotes, spaces and ~.
        if compopt -o default 2>/dev/null; then
            [[ $kind == directory ]] && compopt -o plusdirs
        fi
        if [[ $kind == directory ]] || ! type compopt >/dev/null 2>&1; then
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -A "$kind" -- "${COMP_WORDS[COMP_CWORD]#=}")
            compopt -o filenames 2>/dev/null
        fi
        return
    fi
    # What stands before the last cut is on the line already.
    local before=
    [[ $current == *[=:]* ]] && before=${current%"${COMP_WORDS[COMP_CWORD]#[=:]}"}
    while IFS=$'\t' read -r line _; do
        [[ $line ]] && COMPREPLY+=("${line#"$before"}")
    done <<<"$found"
    # After `name=` comes the value.
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _ofauth ofauth
