package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/paytriage/paytriage/cmd/paytriage/spark"
	"github.com/paytriage/paytriage/forensics/stage"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/atomicfile"
)

// engineOptions are the flags that say where the work is done.
type engineOptions struct {
	engine, master string
	sparkConf      []string
	copyTo         string
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
	f.StringVar(&o.copyTo, "copy-to", "", "write a copy of the case by the engine's file systems, to a folder that is new: s3a://bucket/cases/1")
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
	case o.copyTo != "" && o.engine == "":
		return &usageError{"--copy-to without --engine", "it is the file systems of an engine that the copy is written by; add --engine spark --master URL"}
	case o.copyTo != "" && !stage.IsURL(o.copyTo):
		return &usageError{"--copy-to " + o.copyTo + " is no URL", "for example --copy-to s3a://bucket/cases/1; the case itself is written to --out"}
	case slices.ContainsFunc(append(inputs, o.copyTo), hasPassword):
		return &usageError{"a URL has a password in it", "it would be in every table of the case; give it to Spark in a file: spark.hadoop.fs.s3a.secret.key in spark-defaults.conf, or a credential provider"}
	case o.engine == "" && slices.ContainsFunc(inputs, stage.IsURL):
		return &usageError{inputs[slices.IndexFunc(inputs, stage.IsURL)] + " is a URL, which only an engine reads", "add --engine spark --master URL, or copy the files here and name the copies"}
	case o.engine != "" && slices.Contains(inputs, "-"):
		return &usageError{"standard input cannot be read by the workers of an engine", "give a file that they all see under one path"}
	}
	return nil
}

// hasPassword reports whether a URL says with which password it is to be read.
func hasPassword(arg string) bool {
	_, rest, _ := strings.Cut(arg, "://")
	host, _, _ := strings.Cut(rest, "/")
	user := strings.LastIndexByte(host, '@')
	return stage.IsURL(arg) && user >= 0 && strings.Contains(host[:user], ":")
}

// secretSettings are the settings whose values Spark itself shows nobody.
var secretSettings = regexp.MustCompile(`(?i)(secret|password|token|access[.]?key)[^=]*=`)

// withoutSecrets returns a command line as a manifest may show it: of settings
// that hold secrets only the name.
func withoutSecrets(line []string) []string {
	line = slices.Clone(line)
	const flag = "--spark-conf"
	for i, arg := range line {
		if i > 0 && line[i-1] == flag || strings.HasPrefix(arg, flag+"=") {
			if at := secretSettings.FindStringIndex(arg); at != nil {
				line[i] = arg[:at[1]] + "***"
			}
		}
	}
	return line
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

// A copier writes a copy of a case to where an engine writes.
type copier struct {
	store stage.Store
	to    string // folder
}

// copier returns what writes the copy that was asked for, nil for none. A folder
// in which there is something is refused, before the work begins.
func (o *engineOptions) copier(ctx context.Context, e stage.Engine) (*copier, error) {
	if o.copyTo == "" {
		return nil, nil
	}
	c := &copier{to: strings.TrimRight(o.copyTo, "/")}
	store, ok := e.(stage.Store)
	if !ok {
		return nil, &usageError{"--engine " + o.engine + " writes no files", "copy the case folder by other means"}
	}
	c.store = store
	found, err := store.List(ctx, c.to)
	if err == nil && len(found) > 0 {
		err = &hintError{fmt.Errorf("--copy-to %s: there is something already", o.copyTo), "name a folder that is new; a copy is never written over"}
	}
	return c, err
}

// copy copies a finished case: its files, then what vouches for them, so that a
// copy without a manifest is none.
func (c *copier) copy(ctx context.Context, dir string, bar *progress) error {
	if c == nil {
		return nil
	}
	bar.begin("copying the case", unknown, inSteps)
	defer bar.finish()
	m, err := report.ReadManifest(dir)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range m.Outputs {
		names = append(names, f.Name)
	}
	if m.SignedBy != "" {
		names = append(names, report.Signature)
	}
	for _, name := range append(names, atomicfile.Manifest) {
		if err := c.file(ctx, dir, name); err != nil {
			return &writtenError{fmt.Errorf("--copy-to: %w", err), "the case in " + dir + " is complete; the copy is not, copy the folder by other means or to another place"}
		}
		bar.add(1)
	}
	return nil
}

func (c *copier) file(ctx context.Context, dir, name string) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close()
	return c.store.Save(ctx, c.to+"/"+name, f)
}
