package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/cmd/paytriage/spark"
	"github.com/paytriage/paytriage/forensics/stage"
)

// engineOptions are the flags that say where the work is done.
type engineOptions struct {
	engine, master string
	sparkConf      []string
}

// localEngine runs the stages of an engine within the process, one for each
// worker: what the others are held against.
const localEngine = "local"

// sparkEngine runs them on Apache Spark.
const sparkEngine = "spark"

var engines = []string{sparkEngine, localEngine}

func (o *engineOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.engine, "engine", "", "run the stages with an engine: "+strings.Join(engines, ", ")+" (default: none, all within this process); inputs may then be URLs such as s3a://bucket/logs/*.gz")
	f.StringVar(&o.master, "master", "", "where the engine is, for example spark://host:7077")
	f.StringArrayVar(&o.sparkConf, "spark-conf", nil, "a setting of Spark, `NAME=VALUE` (repeatable)")
}

// validate checks what can be checked without starting anything. Inputs are what
// was named on the command line.
func (o *engineOptions) validate(inputs []string) error {
	switch {
	case o.engine == "" && o.master != "":
		return &usageError{"--master without --engine", "say which engine it is: --engine " + strings.Join(engines, ", ")}
	case o.engine != "" && !slices.Contains(engines, o.engine):
		return &usageError{fmt.Sprintf("--engine %q is none of %s", o.engine, strings.Join(engines, ", ")), "see 'paytriage analyze --help'"}
	case o.engine == sparkEngine && o.master == "":
		return &usageError{"--engine spark without --master", "say where Spark is: --master spark://host:7077, or yarn, or local[4]"}
	case o.engine != sparkEngine && len(o.sparkConf) > 0:
		return &usageError{"--spark-conf without --engine spark", "leave it out"}
	case slices.ContainsFunc(o.sparkConf, func(s string) bool { return strings.Index(s, "=") < 1 }):
		return &usageError{fmt.Sprintf("--spark-conf %q is not NAME=VALUE", o.sparkConf), "for example --spark-conf spark.executor.memory=4g"}
	case o.engine == "" && slices.ContainsFunc(inputs, stage.IsURL):
		return &usageError{inputs[slices.IndexFunc(inputs, stage.IsURL)] + " is a URL, which only an engine reads", "add --engine spark --master URL, or copy the files here and name the copies"}
	case o.engine != "" && slices.Contains(inputs, "-"):
		return &usageError{"standard input cannot be read by the workers of an engine", "give a file that they all see under one path"}
	}
	return nil
}

// start starts the engine, nil for none.
func (o *engineOptions) start(ctx context.Context, workers int, bar *progress) (stage.Engine, error) {
	switch o.engine {
	case localEngine:
		return stage.NewLocal(workers), nil
	case sparkEngine:
		bar.begin("starting Spark", unknown, inSteps)
		e, err := spark.Start(ctx, spark.Options{Master: o.master, Conf: o.sparkConf, Progress: func(p spark.Progress) {
			bar.tell(fmt.Sprintf("stage %s: %d of %d tasks, %d workers", p.Stage, p.Done, p.Tasks, p.Workers))
		}})
		if err != nil {
			return nil, err
		}
		return e, nil // an Engine of nil is not nil
	}
	return nil, nil
}
