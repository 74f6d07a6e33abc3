package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"paytriage": func() { os.Exit(run()) }})
}

// TestScripts runs every script, so that none can be forgotten. Beside the
// commands of testscript there are those of benchCommands; $SMALL is the folder
// of the small sample.
func TestScripts(t *testing.T) {
	small, err := filepath.Abs(filepath.Join("..", "..", "samples", "small"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: *update,
		RequireExplicitExec: true, RequireUniqueNames: true, Cmds: benchCommands,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SMALL", small)
			if e := os.Getenv("PAYTRIAGE_ENGINE"); e != "" {
				env.Setenv("PAYTRIAGE_ENGINE", e)
			}
			return nil
		}})
}
