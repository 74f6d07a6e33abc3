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

// TestScripts runs every script, so that none can be forgotten.
func TestScripts(t *testing.T) { testscript.Run(t, scripts(t, "")) }

// scripts says how to run scripts. Beside the commands of testscript there are
// those of benchCommands; $SMALL is the folder of the small sample. Engine, if
// not "", is what every analyze runs with.
func scripts(t *testing.T, engine string) testscript.Params {
	t.Helper()
	small, err := filepath.Abs(filepath.Join("..", "..", "samples", "small"))
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{Dir: "testdata/script", UpdateScripts: *update && engine == "",
		RequireExplicitExec: true, RequireUniqueNames: true, Cmds: benchCommands,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SMALL", small)
			env.Setenv("PAYTRIAGE_ENGINE", engine)
			return nil
		}}
}
