package ofauth

// That the bindings have all of the header: every function, every constant.

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const contextEnds = "a context ends the call"

// notWrapped are the functions of the header that no Go code needs, and why.
var notWrapped = map[string]string{
	"ofauth_upload_file":          "Upload with File does the same and takes options",
	"ofauth_result_json":          "Result has all of it as fields",
	"ofauth_response_header":      "all headers are copied, one by one",
	"ofauth_wait_set_tick":        "a context cancels",
	"ofauth_pages_set_cancel":     "a context cancels",
	"ofauth_download_set_cancel":  "a context cancels",
	"ofauth_download_set_timeout": "a context cancels",
	"ofauth_pages_set_timeout":    "a context cancels",
	"ofauth_pages_next":           "Items hands out item by item",
	"ofauth_batch_add_bytes":      "C may not keep Go memory between two calls, so it asks for each piece of it",
	"ofauth_call":                 "Do does the same by a request",
	"ofauth_call_bytes":           "Do does the same by a request",
	"ofauth_request_set_cancel":   contextEnds,
	"ofauth_request_set_timeout":  contextEnds,
	"ofauth_request_set_tick":     contextEnds,
}

var comment = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)

// header is the installed header without comments.
func header(t testing.TB) string {
	t.Helper()
	ask := exec.Command("pkg-config", "--cflags-only-I", "ofauth")
	ask.Env = append(os.Environ(), "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1")
	flags, err := ask.Output()
	directory := strings.TrimPrefix(strings.TrimSpace(string(flags)), "-I")
	if err != nil || directory == "" {
		t.Fatalf("pkg-config does not know where the header is: %q, %v", flags, err)
	}
	text, err := os.ReadFile(filepath.Join(directory, "ofauth.h"))
	if err != nil {
		t.Fatal(err)
	}
	return comment.ReplaceAllString(string(text), " ")
}

// headerText is a text that the header defines.
func headerText(t testing.TB, name string) string {
	t.Helper()
	found := regexp.MustCompile(`#define\s+` + name + `\s+"([^"]*)"`).FindStringSubmatch(header(t))
	if found == nil {
		t.Fatalf("the header does not define %s", name)
	}
	return found[1]
}

func TestEveryFunctionOfTheHeaderIsUsed(t *testing.T) {
	var sources strings.Builder
	for _, pattern := range []string{"*.go", "*.c", "*.h"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources.WriteString(comment.ReplaceAllString(string(text), " "))
		}
	}
	functions := map[string]bool{}
	for _, found := range regexp.MustCompile(`\b(ofauth_[a-z0-9_]+)\s*\(`).FindAllStringSubmatch(header(t), -1) {
		functions[found[1]] = true
	}
	if len(functions) < 50 {
		t.Fatalf("only %d functions were found in the header", len(functions))
	}
	for function := range functions {
		used := regexp.MustCompile(`\b` + function + `\b`).MatchString(sources.String())
		_, excused := notWrapped[function]
		if used == excused {
			t.Errorf("%s: used is %v, and in the list of those that are not wrapped is %v", function, used, excused)
		}
	}
	for function := range notWrapped {
		if !functions[function] {
			t.Errorf("%s is not in the header", function)
		}
	}
}

func TestEveryConstantOfTheHeaderHasANameInGo(t *testing.T) {
	ours := constants(t)
	found := map[string]bool{}
	for _, name := range regexp.MustCompile(`\bOFAUTH_(?:ERR|PHASE|LOG|NOTICE|SESSION)_[A-Z0-9_]+\b`).FindAllString(header(t), -1) {
		found[name] = true
	}
	if len(found) < 30 {
		t.Fatalf("only %d constants were found in the header", len(found))
	}
	for name := range found {
		want := strings.ReplaceAll(strings.TrimPrefix(name, "OFAUTH_"), "_", "")
		if strings.HasPrefix(want, "SESSION") {
			want = strings.Replace(want, "SESSION", "JOURNAL", 1)
		}
		if !strings.EqualFold(ours[name], want) || !ast.IsExported(ours[name]) {
			t.Errorf("%s is %q in Go", name, ours[name])
		}
	}
}

// constants are the constants of this package by the constant of C that each stands for.
func constants(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range []string{"errors.go", "progress.go", "config.go", "notice.go", "journal.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if value, ok := spec.Values[0].(*ast.SelectorExpr); ok {
				found[value.Sel.Name] = spec.Names[0].Name
			}
			return true
		})
	}
	return found
}

func TestStatusesHaveTheNamesOfTheLibrary(t *testing.T) {
	for status, name := range map[Status]string{
		ErrNull:           "OFAUTH_ERR_NULL",
		ErrOutcomeUnknown: "OFAUTH_ERR_OUTCOME_UNKNOWN",
		ErrPanic:          "OFAUTH_ERR_PANIC",
		12345:             "OFAUTH_ERR_UNKNOWN",
	} {
		if status.Error() != name {
			t.Errorf("%d is %q", int32(status), status)
		}
	}
}
