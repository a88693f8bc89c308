//! A system that gives the command no more threads: it ends with a code of its own, or does its work with those it has.
//! It never hangs and never panics, and what it did is known to the next run.

use std::path::PathBuf;

use ofauth_sandbox::UploadState;

use crate::support::{Home, calm, run, run_with_input};

/// Stands before the C library: at any time there are only so many threads as the environment says.
const SOURCE: &str = r"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef void *run(void *);
struct begin { run *work; void *argument; };
static atomic_long living;

static void *count(void *argument) {
  struct begin begin = *(struct begin *)argument;
  free(argument);
  void *result = begin.work(begin.argument);
  atomic_fetch_sub(&living, 1);
  return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, run *work, void *argument) {
  int (*real)(pthread_t *, const pthread_attr_t *, run *, void *) = dlsym(RTLD_NEXT, __func__);
  struct begin *begin = malloc(sizeof(struct begin));
  *begin = (struct begin){work, argument};
  if (atomic_fetch_add(&living, 1) < atol(getenv(THREADS))) {
    int error = real(thread, how, count, begin);
    if (error == 0) return 0;
  }
  atomic_fetch_sub(&living, 1);
  free(begin);
  return EAGAIN;
}
";

/// Compiles it.
async fn refusal(home: &Home) -> PathBuf {
    let (source, library) = (home.file("refusal.c", SOURCE), home.path().join("refusal.so"));
    let mut compiler = tokio::process::Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-DTHREADS=\"THREADS\"", "-o"]).arg(&library).arg(source);
    let status = compiler.status().await.expect("a C compiler is needed");
    assert!(status.success());
    library
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_threads_are_told_as_that_and_hang_nothing() {
    let home = Home::new();
    let refusal = refusal(&home).await;
    let mut running = tokio::task::JoinSet::new();
    let commands: &[&[&str]] = &[
        &["upload", "a.mp4"],
        &["upload", "-r", "d", "--post", "Hello"],
        &["upload", "-", "--filename", "a.mp4"],
        &["upload", "a.mp4", "--skip-existing", "--json"],
        &["upload", "a.mp4", "--dry-run"],
        &["whoami"],
        &["api", "list_posts"],
        &["post", "Hello"],
    ];
    for command in commands {
        let refusal = refusal.clone();
        running.spawn(async move {
            let mut scarce = 0;
            for threads in 0..20 {
                let (home, server) = (Home::new(), calm().await);
                home.file("a.mp4", vec![7; 100_000]);
                for name in ["d/a.mp4", "d/b.mp4", "d/c.mp4"] {
                    home.file(name, name);
                }
                let mut limited = home.against(&server);
                limited.args(*command).env("LD_PRELOAD", &refusal).env("THREADS", threads.to_string());
                let ended = run_with_input(&mut limited, b"standard input").await;
                let what = format!("{command:?} with {threads} threads: {ended:?}");
                assert!(!ended.err.contains("panicked"), "{what}");
                if ended.code != 0 {
                    scarce += 1;
                    assert!(ended.code == 7 && ended.err.contains("ulimit -u"), "{what}");
                }
                if command.contains(&"-") {
                    continue;
                }
                run(home.against(&server).args(*command)).await.ends_with(0);
                let uploads = server.uploads();
                let done = uploads.iter().filter(|upload| upload.state == UploadState::Complete);
                let mut names: Vec<_> = done.map(|upload| upload.filename.clone()).collect();
                names.sort_unstable();
                let once = names.windows(2).all(|pair| pair[0] != pair[1]);
                assert!(ended.code == 0 || once, "{what}: {names:?}");
            }
            assert!((1..20).contains(&scarce), "{command:?}: {scarce} of the numbers were too few");
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}
