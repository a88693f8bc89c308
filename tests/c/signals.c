/* A host with signal handlers: none of them ever runs on a thread of the library, whatever the host's own threads block,
 * and the library leaves the host's mask and handlers as they are.
 */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

static const int SIGNALS[] = {SIGUSR1, SIGALRM, SIGCHLD, SIGINT};
enum { KINDS = sizeof SIGNALS / sizeof SIGNALS[0] };

/* The host has two threads; a handler on any other is a mistake. */
static long main_thread, second_thread;
static long handled[KINDS], on_second, on_strangers;

static void handle(int signal_number) {
  int saved = errno;
  long thread = thread_id();
  for (int i = 0; i < KINDS; i++) {
    if (SIGNALS[i] == signal_number) {
      __atomic_add_fetch(&handled[i], 1, __ATOMIC_RELAXED);
    }
  }
  if (thread == second_thread) {
    __atomic_add_fetch(&on_second, 1, __ATOMIC_RELAXED);
  } else if (thread != main_thread) {
    __atomic_add_fetch(&on_strangers, 1, __ATOMIC_RELAXED);
  }
  errno = saved;
}

static long all_handled(void) {
  long sum = 0;
  for (int i = 0; i < KINDS; i++) {
    sum += __atomic_load_n(&handled[i], __ATOMIC_RELAXED);
  }
  return sum;
}

/* Another process that sends signals to this one until it is killed. */
static pid_t start_sender(useconds_t pause_us) {
  pid_t host = getpid();
  pid_t sender = fork();
  CHECK(sender >= 0);
  while (sender == 0) {
    /* A program under a checker needs time to do anything else. */
    if (pause_us > 0) {
      usleep(pause_us);
    }
    for (int i = 0; i < KINDS; i++) {
      if (SIGNALS[i] != SIGALRM && kill(host, SIGNALS[i]) != 0) {
        _exit(0);
      }
    }
  }
  return sender;
}

/* Signals that stay deliverable everywhere: they are about the thread that caused them. */
static int is_about_the_thread(int signal_number) {
  static const int ABOUT[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGKILL, SIGSTOP};
  for (size_t i = 0; i < sizeof ABOUT / sizeof ABOUT[0]; i++) {
    if (ABOUT[i] == signal_number) {
      return 1;
    }
  }
  return 0;
}

static unsigned long long blocked_by(const char *thread) {
  char path[64], line[256];
  unsigned long long mask = 0;
  snprintf(path, sizeof path, "/proc/self/task/%.20s/status", thread);
  FILE *file = fopen(path, "r");
  /* A thread that has ended meanwhile blocks everything. */
  if (file == NULL) {
    return ~0ULL;
  }
  while (fgets(line, sizeof line, file) != NULL && sscanf(line, "SigBlk: %llx", &mask) != 1) {
  }
  fclose(file);
  return mask;
}

/* Looks at the masks of all threads that are not the host's. Under valgrind all signals go through valgrind. */
static int check_masks(void) {
  const char *checker = getenv("CHECKER");
  const int masks_are_real = checker == NULL || strcmp(checker, "valgrind") != 0;
  int strangers = 0;
  DIR *tasks = opendir("/proc/self/task");
  CHECK(tasks != NULL);
  for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
    long thread = strtol(entry->d_name, NULL, 10);
    if (thread == 0 || thread == main_thread || thread == second_thread) {
      continue;
    }
    strangers++;
    unsigned long long mask = blocked_by(entry->d_name);
    for (int number = 1; number < SIGRTMAX; number++) {
      /* 32 and 33 belong to the C library. */
      int blocked = (int)(mask >> (number - 1) & 1);
      if (masks_are_real && number != 32 && number != 33 && blocked == is_about_the_thread(number)) {
        fprintf(stderr, "thread %ld: signal %d is %s\n", thread, number, blocked ? "blocked" : "not blocked");
        _exit(1);
      }
    }
  }
  closedir(tasks);
  return strangers;
}

static long uploads, target;
static ofauth_client *client;

static int check_strangers(void *user_data, const ofauth_progress *progress) {
  (void)progress;
  *(int *)user_data = check_masks();
  return 0;
}

/* Uploads until enough signals were handled, and at least twice. */
static void upload_on(const char *filename, int look) {
  ofauth_upload *upload = clip_upload(filename);
  int strangers = 0;
  if (look) {
    OK(ofauth_upload_set_progress(upload, check_strangers, &strangers, NULL, &error));
  }
  for (long begun = all_handled(), i = 0; all_handled() - begun < target || i < 2; i++) {
    ofauth_result *result = NULL;
    OK(ofauth_upload_run(client, upload, &result, &error));
    ofauth_result_free(result);
    uploads++;
  }
  CHECK(!look || strangers >= 2);
  ofauth_upload_free(upload);
}

static struct event second_started = EVENT_INITIALIZER;
static volatile int done;

/* Blocks nothing and computes, so that the kernel has somewhere to deliver to. */
static void *second(void *argument) {
  second_thread = thread_id();
  event_set(&second_started);
  CHECK(pthread_sigmask(SIG_UNBLOCK, argument, NULL) == 0);
  while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
    usleep(1000);
  }
  return NULL;
}

static void same_mask(const sigset_t *before) {
  sigset_t now;
  CHECK(pthread_sigmask(SIG_SETMASK, NULL, &now) == 0);
  for (int number = 1; number < SIGRTMAX; number++) {
    CHECK(sigismember(before, number) == sigismember(&now, number));
  }
}

int main(void) {
  sigset_t ours, before;
  pthread_t thread;
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  target = rounds(60000);
  const useconds_t pause_us = target < 60000 ? 1000 : 0;
  struct itimerval often = {{0, 20 + pause_us}, {0, 20 + pause_us}}, never = {{0, 0}, {0, 0}};
  main_thread = thread_id();
  sigemptyset(&ours);
  for (int i = 0; i < KINDS; i++) {
    CHECK(sigaction(SIGNALS[i], &action, NULL) == 0);
    sigaddset(&ours, SIGNALS[i]);
  }
  pid_t sender = start_sender(pause_us);
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
  CHECK(pthread_sigmask(SIG_SETMASK, NULL, &before) == 0);
  client = new_client();
  same_mask(&before);
  upload_on("signals.mp4", 0);

  /* Now this thread blocks them. Where the library let them in, the kernel would deliver there. */
  CHECK(pthread_sigmask(SIG_BLOCK, &ours, NULL) == 0);
  CHECK(pthread_create(&thread, NULL, second, &ours) == 0);
  event_wait(&second_started);
  upload_on("signals.mp4", 1);
  CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);

  CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
  CHECK(kill(sender, SIGKILL) == 0);
  while (waitpid(sender, NULL, 0) < 0) {
    CHECK(errno == EINTR);
  }
  done = 1;
  CHECK(pthread_join(thread, NULL) == 0);
  ofauth_client_free(client);
  same_mask(&before);
  struct sigaction now;
  for (int i = 0; i < KINDS; i++) {
    CHECK(sigaction(SIGNALS[i], NULL, &now) == 0 && now.sa_handler == handle && handled[i] > 0);
  }
  printf("%ld signals during %ld uploads, %ld of them on the second thread, %ld on strangers\n", all_handled(), uploads,
         on_second, on_strangers);
  CHECK(on_strangers == 0 && on_second > 0 && all_handled() >= 2 * target);
  return 0;
}
