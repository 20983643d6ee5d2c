// The first process of the virtual machine of test/vm/run: makes the machine's files writable for as long as it runs
// (an overlay in memory), loads SCTP, runs one command and switches off. What to do is in the folder the kernel's
// command line names (vm_job=DIR); the command's outputs are the serial lines 0 and 1, its input nothing or
// (vm_input=1) serial line 0, its exit status goes to DIR/status. A failure here ends the kernel with a message in its
// log.
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char** environ;

enum { kPath = 4096, kMostWords = 4096 };

static const char kRoot[] = "machine";  // in /mnt

static _Noreturn void fail(const char* what) {
  printf("vm init: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  reboot(RB_POWER_OFF);
  _exit(1);
}

static void make_folder(const char* path) {
  if (mkdir(path, 0755) != 0 && errno != EEXIST) fail(path);
}

static void attach(const char* kind, const char* where, const char* options) {
  if (mount("none", where, kind, 0, options) != 0) fail(where);
}

// The machine's folder `folder`, written to for real. In kRoot.
static void share(const char* folder) {
  attach("hostfs", folder + 1, folder);
}

// --- modules

static void insert(const char* file) {
  const int descriptor = open(file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 || (syscall(SYS_finit_module, descriptor, "", 0) != 0 && errno != EEXIST)) fail(file);
  close(descriptor);
}

// Loads the module and before it those it needs: modules.dep has a line `path: paths`, the last to be loaded first.
// A module the kernel has built in is not listed.
static void load(const char* name) {
  struct utsname kernel;
  if (uname(&kernel) != 0) fail("uname");
  char folder[kPath / 2];
  snprintf(folder, sizeof folder, "/usr/lib/uml/modules/%s", kernel.release);
  char path[kPath];
  snprintf(path, sizeof path, "%s/modules.dep", folder);
  FILE* const list = fopen(path, "re");
  if (list == NULL) fail(path);
  char wanted[256];
  snprintf(wanted, sizeof wanted, "/%s.ko:", name);
  char line[kPath / 2];
  while (fgets(line, sizeof line, list) != NULL) {
    char* const colon = strchr(line, ':');
    char* const found = strstr(line, wanted);
    if (found == NULL || found > colon) continue;
    *colon = ' ';
    for (char* space; (space = strrchr(line, ' ')) != NULL; *space = '\0') {
      space[strcspn(space, "\n")] = '\0';
      if (space[1] == '\0') continue;
      snprintf(path, sizeof path, "%s/%s", folder, space + 1);
      insert(path);
    }
    snprintf(path, sizeof path, "%s/%s", folder, line);
    insert(path);
  }
  fclose(list);
}

// --- files and network

static void change_to(const char* folder) {
  if (chdir(folder) != 0) fail(folder);
}

// Leaves us in kRoot.
static void make_root(void) {
  attach("tmpfs", "/mnt", "size=50%");
  change_to("/mnt");
  make_folder("changes");
  make_folder("work");
  make_folder(kRoot);
  attach("overlay", kRoot, "lowerdir=/,upperdir=changes,workdir=work");
  change_to(kRoot);
  attach("proc", "proc", NULL);
  attach("sysfs", "sys", NULL);
  attach("devtmpfs", "dev", NULL);
  make_folder("dev/pts");
  make_folder("dev/shm");
  attach("devpts", "dev/pts", NULL);
  attach("tmpfs", "dev/shm", NULL);
  attach("tmpfs", "run", NULL);
  if (symlink("/proc/self/fd", "dev/fd") != 0) fail("dev/fd");  // for the shell's <(...)
}

static void enter_root(void) {
  if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0) fail("the new root");
}

static void start_loopback(void) {
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo"};
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) != 0) fail("lo");
  close(any);
}

// --- the command

// A file of strings, each ended by a zero byte, as a list ended by NULL.
static char** read_words(const char* job, const char* name) {
  static char text[2][1 << 20];
  static char* words[2][kMostWords];
  static int lists = 0;
  char path[kPath];
  snprintf(path, sizeof path, "%s/%s", job, name);
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path);
  const ssize_t size = read(descriptor, text[lists], sizeof text[lists] - 1);
  close(descriptor);
  int count = 0;
  for (ssize_t at = 0; at < size && count < kMostWords - 1; at += (ssize_t)strlen(text[lists] + at) + 1) {
    words[lists][count++] = text[lists] + at;
  }
  return words[lists++];
}

// A serial line that changes nothing on its way.
static int serial_line(const char* path) {
  const int line = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;
  if (line < 0 || tcgetattr(line, &settings) != 0) fail(path);
  cfmakeraw(&settings);
  if (tcsetattr(line, TCSANOW, &settings) != 0) fail(path);
  return line;
}

static int status_of(int result) {
  return WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
}

// words: the folder to be in, then the command.
static int run(char** words, char** environment) {
  const int output = serial_line("/dev/ttyS0");
  const int errors = serial_line("/dev/ttyS1");
  const int input = getenv("vm_input") != NULL ? output : open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    setsid();
    dup2(input, 0);
    dup2(output, 1);
    dup2(errors, 2);
    environ = environment;
    if (chdir(words[0]) != 0) {
      fprintf(stderr, "%s: %s\n", words[0], strerror(errno));
      _exit(126);
    }
    execvp(words[1], words + 1);
    fprintf(stderr, "%s: %s\n", words[1], strerror(errno));
    _exit(127);
  }
  int result = 0;
  for (pid_t ended = 0; ended != child;) ended = wait(&result);
  kill(-1, SIGKILL);
  tcdrain(output);
  tcdrain(errors);
  return status_of(result);
}

int main(void) {
  const char* const job = getenv("vm_job");
  if (job == NULL) fail("no vm_job");
  (void)mount("none", "/proc", "proc", 0, NULL);
  load("overlay");
  load("hmac");  // signs the kernel's cookies
  load("sctp");
  load("sctp_diag");
  make_root();
  share(job);
  char** const environment = read_words(job, "environment");
  char** const words = read_words(job, "command");
  char** folder = words;
  for (; **folder != '\0'; ++folder) share(*folder);
  enter_root();
  start_loopback();
  const int status = run(folder + 1, environment);
  char path[kPath];
  snprintf(path, sizeof path, "%s/status", job);
  FILE* const file = fopen(path, "we");
  if (file == NULL || fprintf(file, "%d\n", status) < 0 || fclose(file) != 0) fail(path);
  sync();
  reboot(RB_POWER_OFF);
  return 1;
}
