package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/forensics/stage"
)

// engineOptions are the flags that say where the work is done.
type engineOptions struct {
	engine, master string
}

// localEngine runs the stages of an engine within the process, one for each
// worker: what the others are held against.
const localEngine = "local"

var engines = []string{localEngine}

func (o *engineOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.engine, "engine", "", "run the stages with an engine: "+strings.Join(engines, ", ")+" (default: none, all within this process)")
	f.StringVar(&o.master, "master", "", "where the engine is, for example spark://host:7077")
}

// validate checks what can be checked without starting anything. Inputs are what
// was named on the command line.
func (o *engineOptions) validate(inputs []string) error {
	switch {
	case o.engine == "" && o.master != "":
		return &usageError{"--master without --engine", "say which engine it is: --engine " + strings.Join(engines, ", ")}
	case o.engine != "" && !slices.Contains(engines, o.engine):
		return &usageError{fmt.Sprintf("--engine %q is none of %s", o.engine, strings.Join(engines, ", ")), "see 'paytriage analyze --help'"}
	case o.engine != "" && slices.Contains(inputs, "-"):
		return &usageError{"standard input cannot be read by the workers of an engine", "give a file that they all see under one path"}
	}
	return nil
}

// start starts the engine, nil for none.
func (o *engineOptions) start(_ context.Context, workers int) (stage.Engine, error) {
	if o.engine == localEngine {
		return stage.NewLocal(workers), nil
	}
	return nil, nil
}
