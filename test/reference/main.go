// Command reference writes docs/reference.md from what the code declares: the engine's settings, the connectors and formats that
// are linked, and the functions of SQL.
//
// What enters: the registries of setting, connector, connector/format and graph/expr. What leaves: one page of Markdown, which must
// not depend on the machine. Whoever declares an option or a function runs it, from the repository's root; a test fails until then.
//
//	go run ./test/reference
package main

import (
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/millstream/millstream/connector/all"
)

func main() {
	path := filepath.Join("docs", "reference.md")
	if _, err := os.Stat("go.mod"); err != nil {
		fmt.Fprintln(os.Stderr, "error: run it from the repository's root:", err)
		os.Exit(2)
	}
	if err := os.WriteFile(path, []byte(page()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
