# Completion of ofauth in fish.

function __ofauth_complete
    set -l before (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token)
    set -l ofauth $before[1]
    command --query $ofauth; or set ofauth @OFAUTH@
    set -l found ($ofauth __complete (count $before) -- $before "$current" 2>/dev/null)
    switch "$found[1]"
        case :files
            __fish_complete_path "$current"
        case :directories
            __fish_complete_directories "$current" ''
        case '*'
            printf '%s\n' $found
    end
end

complete --command ofauth --no-files --keep-order --arguments '(__ofauth_complete)'
