package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/paytriage/paytriage/report"
)

// streams are where a command reads and writes. stdout carries what was asked
// for, stderr everything else.
type streams struct {
	in                       io.Reader
	out, err                 io.Writer
	outTerminal, errTerminal bool
	colors                   *string // the value of --color; nil for auto
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// width returns how many columns stdout has, 0 if that is not known.
func (s *streams) width() int {
	if f, ok := s.out.(*os.File); ok && s.outTerminal {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

// colorModes are the values of --color.
var colorModes = []string{"auto", "always", "never"}

// color reports whether stdout may be coloured. What --color asks for goes before
// NO_COLOR, which goes before what the terminal can do.
func (s *streams) color() bool {
	if s.colors != nil && *s.colors != "auto" {
		return *s.colors == "always"
	}
	return s.outTerminal && os.Getenv("NO_COLOR") == "" && !dumb()
}

// dumb reports whether the terminal can do nothing but print lines.
func dumb() bool { return os.Getenv("TERM") == "dumb" }

const exitCodes = `
Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    done and complete, but part of the input was rejected or unreadable
  4    a check that was asked for did not hold
  130  interrupted
Finding fraud is not a failure.

Every flag can also be set by a variable (PAYTRIAGE_WORKERS=4 is --workers 4) or
by the file of --config. The command line goes first, then the variable.`

// newRoot builds the command tree.
func newRoot(std streams) *cobra.Command {
	std.colors = new(string)
	root := &cobra.Command{
		Use:   "paytriage",
		Short: "From login and payment logs to victims, charges and refunds",
		Long: `paytriage answers, from exported auth and payment logs, who the victims of an
account takeover are and how sure that is, how the attackers got in, which
charges are theirs, and what is owed to whom.
` + exitCodes,
		Example: `  paytriage analyze --auth auth.csv --payments payments.csv --out case
  paytriage simulate --preset list-type --out incident
  paytriage schema`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := configure(cmd, std); err != nil {
				return err
			}
			if !slices.Contains(colorModes, *std.colors) {
				return &usageError{fmt.Sprintf("--color %q is none of %s", *std.colors, strings.Join(colorModes, ", ")), "see 'paytriage --help'"}
			}
			return nil
		},
	}
	root.PersistentFlags().String(configFlag, "", "YAML file that sets flags (default: paytriage/config.yaml in the user's configuration folder)")
	root.PersistentFlags().StringVar(std.colors, "color", "auto", "colour on the terminal: "+strings.Join(colorModes, ", ")+"; NO_COLOR turns auto off")
	complete(root, "color", colorModes...)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.Version = report.ToolVersion()
	root.SetVersionTemplate("paytriage {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	root.AddCommand(
		newAnalyzeCommand(std),
		newInspectCommand(std),
		newConvertCommand(std),
		newEvaluateCommand(std),
		newWhatifCommand(std),
		newExplainCommand(std),
		newVerifyCommand(std),
		newRedactCommand(std),
		newReportCommand(std),
		newClaimsCommand(std),
		newDiffCommand(std),
		newRefundsCommand(std),
		newCloseoutCommand(std),
		newSimulateCommand(std),
		newIndicatorsCommand(std),
		newShowCommand(std),
		newSchemaCommand(std),
		newStageCommand(std),
		newVersionCommand(std),
	)
	root.SetHelpCommand(newHelpCommand(std))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		finish(c)
	}
	return root
}

// finish gives a command and those below it what all commands have, those of the
// library too: usage errors for arguments that cannot be meant, exit codes and an
// example in the help.
func finish(c *cobra.Command) {
	switch {
	case c.Name() == "completion":
		c.Args, c.Example = noArgs, "  source <(paytriage completion bash)"
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	case c.Parent().Name() == "completion":
		c.Args, c.Example = noArgs, "  paytriage completion "+c.Name()+" > completion."+c.Name()
	}
	if !strings.Contains(c.Long, exitCodes) {
		c.Long = strings.TrimSpace(c.Long+"\n"+exitCodes) + "\n"
	}
	for _, sub := range c.Commands() {
		finish(sub)
	}
}

func newHelpCommand(std streams) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|glossary]",
		Short:   "Print what a command does, or what the terms mean (glossary)",
		Long:    "Prints what a command does, its flags and its exit codes; or the terms of the\nfield in English and Japanese (glossary).\n",
		Example: "  paytriage help analyze\n  paytriage help glossary",
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, sub := range c.Root().Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name()+"\t"+sub.Short)
				}
			}
			names = append(names, glossaryTopic+"\tWhat the terms of the field mean, in English and Japanese")
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == glossaryTopic {
				return printGlossary(std)
			}
			about, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(c.Root(), args[0])
			}
			about.InitDefaultHelpFlag()
			about.InitDefaultVersionFlag()
			return about.Help()
		},
	}
}

// unknownCommand says so, with what may have been meant.
func unknownCommand(root *cobra.Command, name string) error {
	hint := "see 'paytriage --help'"
	if near := root.SuggestionsFor(name); len(near) > 0 {
		hint = "did you mean '" + strings.Join(near, "' or '") + "'? " + hint
	}
	return &usageError{fmt.Sprintf("unknown command %q", name), hint}
}

// noArgs refuses arguments.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !c.HasParent() || c.HasSubCommands() {
		return unknownCommand(c, args[0])
	}
	return &usageError{fmt.Sprintf("%q: %s takes no arguments", args[0], c.CommandPath()), "see '" + c.CommandPath() + " --help'"}
}

// flagError words the complaints about flags without the library's own terms.
func flagError(c *cobra.Command, err error) error {
	text := err.Error()
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		text = fmt.Sprintf("--%s: %q is not %s", value.GetFlag().Name, value.GetValue(), wanted(value.GetFlag().Value.Type()))
	}
	return &usageError{text, "see '" + c.CommandPath() + " --help'"}
}

// wanted names the values of a type of flag.
func wanted(kind string) string {
	switch kind {
	case "int":
		return "a whole number"
	case "uint64":
		return "a whole number from 0"
	case "bool":
		return "true or false"
	}
	return "a value of it"
}

// execute runs a command line and returns its exit code.
func execute(ctx context.Context, std streams, args []string) int {
	root := newRoot(std)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && !stands(err) {
		err = errors.Join(errInterrupted, err)
	}
	complain(std, err)
	return exitCode(err)
}

// exactArgs wants the named arguments.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return &usageError{fmt.Sprintf("%s needs %s", c.CommandPath(), strings.Join(names, " and ")), "see '" + c.CommandPath() + " --help'"}
	}
}

// complete lets the shell offer the values of a flag.
func complete(c *cobra.Command, flag string, values ...string) {
	c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// What several commands refuse.
const maxWorkers = 1024

func workersError(n int, command string) error {
	return &usageError{fmt.Sprintf("--workers %d is not within 1 and %d", n, maxWorkers), "see 'paytriage " + command + " --help'"}
}

func progressError(mode, command string) error {
	return &usageError{fmt.Sprintf("--progress %q is none of %s", mode, strings.Join(progressModes, ", ")), "see 'paytriage " + command + " --help'"}
}

var errJSONQuiet = &usageError{"--json and --quiet exclude each other", "--json alone prints nothing but the JSON"}
