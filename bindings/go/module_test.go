package ofauth

// That the package works from another module, found by a replace directive and pkg-config alone, and that the example
// program does what it says.

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build builds a program with nothing but what users have, and returns where it is.
func build(t testing.TB, directory, target string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	command := exec.Command("go", "build", "-o", program, target)
	command.Dir = directory
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return program
}

func TestFromAnotherModule(t *testing.T) {
	settings(t)
	package_, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	for _, name := range []string{"go.mod", "main.go"} {
		text, err := os.ReadFile(filepath.Join("testdata", "outside", name))
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.Replace(text, []byte("=> ../.."), []byte("=> "+package_), 1)
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output, err := exec.Command(build(t, directory, ".")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, line := range []string{" parts\ncancelled\n", "exists: true\n", "batch of 250\n", "a page of media: true\n"} {
		if !strings.Contains(string(output), line) {
			t.Fatalf("%q is missing in\n%s", line, output)
		}
	}
}

func TestTheExampleProgram(t *testing.T) {
	path, data := clip(t)
	program := build(t, ".", "./example")

	var progress bytes.Buffer
	command := exec.Command(program, path)
	command.Stderr = &progress
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	reference := strings.TrimSpace(string(output))
	if record := recordOf(t, reference); record.State != "complete" || record.Size != int64(len(data)) {
		t.Fatalf("%+v", record)
	}
	if !strings.Contains(progress.String(), "done: ") {
		t.Fatalf("the progress is %q", progress.String())
	}
}

func TestCtrlCEndsTheExampleProgram(t *testing.T) {
	path, _ := clip(t)
	program := build(t, ".", "./example")
	held := newHeldServer(t, answerJSON("{}"))
	var text bytes.Buffer
	command := exec.Command(program, path)
	command.Env = append(os.Environ(), "OFAUTH_BASE_URL="+held.url)
	command.Stderr = &text
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	request := await(t, "the first request", held.arrived)
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := command.Wait()
	if command.ProcessState.ExitCode() != 1 || !strings.Contains(text.String(), "Nothing was finished.") {
		t.Fatalf("after %s: %v\n%s", request, err, text.String())
	}
}
