package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/paytriage/paytriage/report/console"
)

const (
	envPrefix  = "PAYTRIAGE_"
	configFlag = "config"
	maxConfig  = 1 << 20
)

// settable reports whether a flag may be set by the environment or a file. What
// asks for help or for another configuration must be on the command line.
func settable(f *pflag.Flag) bool {
	return f.Name != configFlag && f.Name != "help" && f.Name != "version"
}

// envName returns the variable that sets a flag.
func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// A setting is the value of a flag that the command line does not give.
type setting struct {
	values []string
	from   string // what says so
}

// fromOutside is the annotation under which a flag that was set from outside the
// command line keeps its values.
const fromOutside = "paytriage_set"

// configure sets the flags of a command that its command line does not: from the
// environment, or else from the configuration file.
func configure(c *cobra.Command, std streams) error {
	file, err := readConfig(c)
	if err != nil {
		return err
	}
	var failed error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || !settable(f) || failed != nil {
			return
		}
		s, ok := file[f.Name]
		if v, set := os.LookupEnv(envName(f.Name)); set && v != "" {
			s, ok = setting{[]string{v}, envName(f.Name)}, true
		}
		if !ok {
			return
		}
		for _, v := range s.values {
			if err := c.Flags().Set(f.Name, v); err != nil {
				failed = &usageError{fmt.Sprintf("%s: %q is not %s", s.from, v, wanted(f.Value.Type())),
					"it sets --" + f.Name + "; see '" + c.CommandPath() + " --help'"}
				return
			}
		}
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[fromOutside] = s.values
	})
	if quiet := c.Flags().Lookup("quiet"); failed == nil && (quiet == nil || quiet.Value.String() != "true") {
		noteStrangers(c.Root(), std)
	}
	return failed
}

// commandLine returns the command line as it would be if it had set all flags
// itself, so that a case can be made again from its manifest alone.
func commandLine(c *cobra.Command) []string {
	line := withoutSecrets(os.Args[1:])
	c.Flags().VisitAll(func(f *pflag.Flag) {
		for _, v := range f.Annotations[fromOutside] {
			line = append(line, withoutSecrets([]string{"--" + f.Name + "=" + v})...)
		}
	})
	return line
}

// noteStrangers tells of variables that look as if they set something.
func noteStrangers(root *cobra.Command, std streams) {
	known := map[string]bool{envName(configFlag): true}
	every(root, func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) { known[envName(f.Name)] = true })
	})
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, envPrefix) && !known[name] {
			fmt.Fprintf(std.err, "paytriage: note: %s sets no flag of any command\n", console.Clean(name))
		}
	}
}

// every calls do with a command and all below it.
func every(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		every(sub, do)
	}
}

// readConfig returns what the configuration file sets for a command: what stands
// at its top, for any command that has such a flag, and under the command's name,
// which goes first.
func readConfig(c *cobra.Command) (map[string]setting, error) {
	path, named := configPath(c)
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, &hintError{fmt.Errorf("--config: %w", err), "check the name of the file"}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(data) > maxConfig {
		err = fmt.Errorf("%s: is larger than %d bytes", path, maxConfig)
	}
	if err != nil {
		return nil, &hintError{err, "a configuration file sets flags: --config"}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, configError(path, 0, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil, nil // nothing in it
	}
	r := configReader{path: path, root: c.Root(), all: map[string]setting{}, own: map[string]setting{}, name: c.Name()}
	if err := r.read(doc.Content[0]); err != nil {
		return nil, err
	}
	for name, s := range r.own {
		r.all[name] = s
	}
	return r.all, nil
}

// configPath returns which file configures a command, and whether somebody named
// it.
func configPath(c *cobra.Command) (path string, named bool) {
	if f := c.Flags().Lookup(configFlag); f != nil && f.Changed {
		return f.Value.String(), true
	}
	if path := os.Getenv(envName(configFlag)); path != "" {
		return path, true
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", false
	}
	return filepath.Join(dir, "paytriage", "config.yaml"), false
}

func configError(path string, line int, problem string) error {
	at := path
	if line > 0 {
		at = fmt.Sprintf("%s:%d", path, line)
	}
	return &usageError{at + ": " + problem, "a configuration file has lines such as 'workers: 4' for flags of any command, and 'analyze:' with lines below it for those of one"}
}

// A configReader reads a configuration file for one command, and checks all of
// it, so that a slip in another command's part does not wait until then.
type configReader struct {
	path, name string
	root       *cobra.Command
	all, own   map[string]setting
}

func (r *configReader) read(doc *yaml.Node) error {
	if doc.Kind != yaml.MappingNode {
		return configError(r.path, doc.Line, "is no list of settings")
	}
	for i := 0; i+1 < len(doc.Content); i += 2 {
		key, value := doc.Content[i], doc.Content[i+1]
		sub := r.command(key.Value)
		if sub == nil {
			if !r.anyHas(key.Value) {
				return configError(r.path, key.Line, fmt.Sprintf("%q is no command and no flag of any", key.Value))
			}
			if err := r.set(r.all, key, value); err != nil {
				return err
			}
			continue
		}
		if value.Kind != yaml.MappingNode {
			return configError(r.path, value.Line, key.Value+": has no settings below it")
		}
		to := map[string]setting{}
		if sub.Name() == r.name {
			to = r.own
		}
		for j := 0; j+1 < len(value.Content); j += 2 {
			name := value.Content[j]
			if f := sub.Flags().Lookup(name.Value); f == nil || !settable(f) {
				return configError(r.path, name.Line, fmt.Sprintf("%s has no flag --%s that can be set here", key.Value, name.Value))
			}
			if err := r.set(to, name, value.Content[j+1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// command returns the command of a name, nil if there is none.
func (r *configReader) command(name string) *cobra.Command {
	for _, c := range r.root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// anyHas reports whether any command has a flag.
func (r *configReader) anyHas(name string) bool {
	found := false
	every(r.root, func(c *cobra.Command) {
		if f := c.Flags().Lookup(name); f != nil && settable(f) {
			found = true
		}
	})
	return found
}

// set notes the value of a flag: one, or a list of them.
func (r *configReader) set(to map[string]setting, key, value *yaml.Node) error {
	s := setting{from: fmt.Sprintf("%s:%d: %s", r.path, key.Line, key.Value)}
	nodes := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		nodes = value.Content
	}
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode {
			return configError(r.path, n.Line, key.Value+": is neither a value nor a list of values")
		}
		s.values = append(s.values, n.Value)
	}
	if _, again := to[key.Value]; again {
		return configError(r.path, key.Line, key.Value+" is set twice")
	}
	to[key.Value] = s
	return nil
}
