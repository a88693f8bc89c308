#!/usr/bin/env bash
# The whole story with the command alone, killed anywhere and run again: nothing twice.
#
#   story.sh STATE_DIR CLIP          with OFAUTH_BASE_URL and OFAUTH_API_KEY in the environment, and `ofauth` in PATH
#
# Each step that is done has a file in STATE_DIR, named as the step, with what came of it. A step that makes something keeps what
# the command prints as it comes, and looks whether it was made before it makes it, because a kill may come in between.
set -euo pipefail

state=$1 clip=$2
mkdir -p "$state"
export OFAUTH_STATE_DIR="$state/journal"

# A command that outlived a killed run holds the lock, too: what it makes is in its log before this run looks.
if command -v flock > /dev/null; then
  exec 9> "$state/lock"
  flock 9
fi

# Whether a step is done; then it is told.
is_done() { [ -e "$state/$1" ] && printf '%s %s\n' "$1" "$(head -n 1 "$state/$1")"; }

# Notes what came of a step: all of it or nothing is in its file.
finish() {
  printf '%s\n' "$2" > "$state/$1.new"
  mv "$state/$1.new" "$state/$1"
  is_done "$1"
}

# The value of a field of JSON that is a number or a text, the first of its name on each line.
field() { grep -o "\"$1\":\"\{0,1\}[^\",}]*" | sed "s/^\"$1\":\"\{0,1\}//"; }

# The id of the object with this text. What is nested in it is taken out first: it has ids of its own.
made() {
  grep -F "\"text\":\"$1\"" | sed -e ':again' -e 's/\(.\){[^{}]*}/\1/' -e 't again' | field id | head -n 1 || true
}

if ! is_done link; then
  # Its columns are id, status, user name and reference.
  id=$(ofauth connections list | awk -F '\t' '$4 == "story" {print $1; exit}')
  if [ -z "$id" ]; then
    id=$(ofauth link --reference story --session "$state/link.session")
  fi
  finish link "$id"
fi
export OFAUTH_CONNECTION_ID
OFAUTH_CONNECTION_ID=$(cat "$state/link")

if ! is_done upload; then
  uploaded() { grep -h '"event":"uploaded"' "$state/upload.log" 2>/dev/null | tail -n 1; }
  if ! uploaded > /dev/null; then
    # The result is in the log before the journal forgets it.
    ofauth upload "$clip" --json >> "$state/upload.log"
  fi
  finish upload "$(uploaded | field mediaUploadId) $(uploaded | field id | head -n 1)"
fi
read -r reference media < "$state/upload"

if ! is_done ready; then
  ofauth vault wait "$media" > /dev/null
  finish ready "$media"
fi

if ! is_done post; then
  # Lists leave out what is scheduled, so that what the command printed comes first.
  id=$(tail -n 1 "$state/post.log" 2> /dev/null || ofauth post list | made 'story post')
  if [ -z "$id" ]; then
    ofauth post 'story post' --media "$reference" --schedule +24h >> "$state/post.log"
    id=$(tail -n 1 "$state/post.log")
  fi
  finish post "$id"
fi

if ! is_done edit; then
  ofauth post update "$(cat "$state/post")" 'story post edited' --media "$media" --schedule +24h > /dev/null
  finish edit "$(cat "$state/post")"
fi

if ! is_done message; then
  id=$(ofauth message list 12345 | made 'story message')
  if [ -z "$id" ]; then
    id=$(ofauth message --to 12345 'story message' --media "$media")
  fi
  finish message "$id"
fi

if ! is_done stored; then
  ofauth vault-plus wait "$media" > /dev/null
  finish stored "$media"
fi

if ! is_done download; then
  ofauth vault-plus download "$media" source --output "$state/downloaded.mp4" --overwrite > /dev/null
  finish download "$state/downloaded.mp4"
fi

if ! is_done webhook; then
  # Whoever receives them writes the headers first and the body last.
  until [ -e "$state/webhook.body" ]; do sleep 0.2; done
  headers=()
  while IFS= read -r line; do [ -z "$line" ] || headers+=(--header "$line"); done < "$state/webhook.headers"
  event=$(ofauth webhook verify --secret-file "$state/webhook.secret" "${headers[@]}" < "$state/webhook.body")
  finish webhook "$(printf '%s' "$event" | field type | head -n 1)"
fi

echo done
