package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paytriage/paytriage/cmd/paytriage/spark"
	"github.com/paytriage/paytriage/forensics/stage"
)

// newStageCommand is what an engine runs on its workers.
func newStageCommand(std streams) *cobra.Command {
	var frozen string
	var sets int
	var driver bool
	c := &cobra.Command{
		Use:   "stage NAME",
		Short: "Run one stage of analyze over standard input (for engines)",
		Long: `Runs one stage of analyze as a worker of an engine does: keyed blocks come on
standard input, those of a key together, and what the stage gives goes to standard
output. A block is three numbers of four bytes, the lowest byte first (the data set,
the key, the length), and its bytes. On standard output data set 0 is the result of
a key; the last block has data set 4294967295, and without it the output is not whole.

Stages are pure: run again, one gives the same bytes. They keep nothing and write no
file but temporary ones.

--spark-driver writes the driver for those who must start spark-submit themselves.

Stages: ` + strings.Join(stage.Names(), ", "),
		Example: `  paytriage stage settle --frozen settle.bin < blocks > settled
  paytriage stage --spark-driver > driver.py
  spark-submit --master yarn driver.py ./paytriage analyze --auth … --payments … --out case`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 && !driver {
				return &usageError{"stage wants the name of one stage", "see 'paytriage stage --help'"}
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return stage.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if driver {
				_, err := std.out.Write(spark.Driver)
				return err
			}
			var given []byte
			if frozen != "" {
				var err error
				if given, err = os.ReadFile(frozen); err != nil {
					return err
				}
			}
			return stage.Serve(args[0], given, sets, std.in, std.out)
		},
	}
	c.Flags().StringVar(&frozen, "frozen", "", "the configuration of the stage, as the driver wrote it (`FILE`)")
	c.Flags().IntVar(&sets, "sets", 1, "how many data sets come in")
	c.Flags().BoolVar(&driver, "spark-driver", false, "write the driver that spark-submit runs, and nothing else")
	return c
}
