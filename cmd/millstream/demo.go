package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millstream/millstream/examples"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
)

// demoTextBytes is the size of the text that the demonstration counts.
const demoTextBytes = 8 << 20

func (a *app) demoCommand() *cobra.Command {
	demo := &cobra.Command{
		Use: "demo", Short: "Show what Millstream does, on an embedded store",
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var dir string
	wordcount := &cobra.Command{
		Use: "wordcount", Short: "Count the words of a text from S3 to S3",
		Long: `Start an embedded S3 store, put a text at s3://input/test.txt, count its words with the Go API's example, and show the result at
s3://testbucket/output. The store's files stay in --dir.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return a.demoWordCount(c.Context(), dir) },
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	wordcount.Flags().StringVar(&dir, "dir", filepath.Join(cache, "millstream", "demo"), "`DIRECTORY` for the store's files")
	demo.AddCommand(wordcount)
	return demo
}

const (
	demoInput  = "s3://input/test.txt"
	demoOutput = "s3://testbucket/output"
)

func (a *app) demoWordCount(ctx context.Context, dir string) (err error) {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	s := a.outStyle()
	step := func(format string, args ...any) { fmt.Fprintf(a.out, s.dim("▸ ")+format+"\n", args...) }

	store, err := server.Start(ctx, server.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	step("S3 store at %s, files in %s", s.bold(store.Endpoint), dir)
	if err := demoSettings(&settings, store.Access); err != nil {
		return err
	}

	bytes, err := demoUpload(ctx, settings)
	if err != nil {
		return err
	}
	step("%s of text at %s", size(bytes), s.bold(demoInput))

	start := time.Now()
	if _, err := a.runExample(ctx, settings, examples.WordCount, []string{"--input", demoInput, "--output", demoOutput}); err != nil {
		return err
	}
	took := time.Since(start)
	top, words, distinct, err := demoResult(ctx, settings)
	if err != nil {
		return err
	}
	step("%s counted in %s: %s/s, %s/s", count(words, "word"), round(took), size(rate(bytes, took)), count(rate(words, took), "word"))
	step("%s at %s, the most frequent:", count(distinct, "different word"), s.bold(demoOutput))
	fmt.Fprintln(a.out)
	for _, w := range top {
		const length = 30
		bar := strings.Repeat("█", int(max(1, length*w.count/top[0].count)))
		fmt.Fprintf(a.out, "  %s %s  %s\n", pad(thousands(w.count), 9, true), pad(w.word, 8, false), s.bar(bar))
	}
	return a.demoFurther(dir, store.Access)
}

// demoSettings makes the job meet the demonstration's store, whatever else the user works with.
func demoSettings(settings *setting.Values, access server.Access) error {
	for _, o := range []*setting.Option{setting.S3SessionToken, setting.S3Profile, setting.S3CAFile} {
		settings.Reset(o.Key)
	}
	for o, text := range map[*setting.Option]string{
		setting.S3Endpoint: access.Endpoint, setting.S3Region: access.Region, setting.S3PathStyle: "true",
		setting.S3AccessKey: access.AccessKey, setting.S3SecretKey: access.SecretKey,
		setting.RuntimeMode: "BATCH",
	} {
		if err := settings.Set(o.Key, text, "demo"); err != nil {
			return err
		}
	}
	return nil
}

// demoFurther leaves a configuration and a script beside the store's files, and says how to go on with them.
func (a *app) demoFurther(dir string, access server.Access) error {
	config := fmt.Sprintf(`# For the store of the demonstration, as started by: millstream store --dir %s
s3.endpoint: http://127.0.0.1:9000
s3.access-key: %s
s3.secret-key: %s
execution.runtime-mode: batch
`, dir, access.AccessKey, access.SecretKey)
	script := `CREATE TABLE counts (word STRING, n BIGINT) WITH (
  'connector' = 'filesystem', 'path' = '` + demoOutput + `',
  'format' = 'csv', 'csv.field-delimiter' = ' '
);
SELECT CHAR_LENGTH(word) AS letters, COUNT(*) AS words, SUM(n) AS total FROM counts GROUP BY CHAR_LENGTH(word) ORDER BY letters;
`
	if err := os.WriteFile(dir+".yaml", []byte(config), 0o600); err != nil {
		return fmt.Errorf("leave settings for later: %w", err)
	}
	if err := os.WriteFile(dir+".sql", []byte(script), 0o644); err != nil {
		return fmt.Errorf("leave a script for later: %w", err)
	}
	s, self := a.outStyle(), ownName()
	command := func(args ...string) string {
		for i, arg := range args {
			args[i] = shellQuote(arg)
		}
		return s.bold(self + " " + strings.Join(args, " "))
	}
	fmt.Fprintf(a.out, "\nTo look further, serve these files again and, in another terminal, ask with SQL:\n\n  %s\n  %s\n",
		command("store", "--dir", dir), command("sql", "--config", dir+".yaml", "-f", dir+".sql"))
	return nil
}

// ownName is how this program can be called again from the same shell.
func ownName() string {
	path, err := os.Executable()
	if err != nil {
		return "millstream"
	}
	if strings.Contains(path, "go-build") {
		return "go run ./cmd/millstream"
	}
	if found, err := exec.LookPath("millstream"); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil && found == path {
			return "millstream"
		}
	}
	return shellQuote(path)
}

// shellQuote writes a word so that a shell reads it back.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// demoUpload makes the buckets, empties the output of an earlier demonstration and stores the text.
func demoUpload(ctx context.Context, settings setting.Values) (int64, error) {
	client, err := s3.New(standard.S3Config(settings))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for _, bucket := range []string{"input", "testbucket"} {
		if there, err := client.BucketExists(ctx, bucket); err != nil {
			return 0, err
		} else if !there {
			if err := client.MakeBucket(ctx, bucket); err != nil {
				return 0, err
			}
		}
	}
	output := client.Bucket("testbucket")
	for info, err := range output.List(ctx, "output/", objstore.ListOptions{}) {
		if err != nil {
			return 0, err
		}
		if err := output.Delete(ctx, info.Key); err != nil {
			return 0, err
		}
	}
	text := demoText(demoTextBytes)
	_, err = client.Bucket("input").Put(ctx, "test.txt", []byte(text), objstore.Condition{})
	return int64(len(text)), err
}

type wordCount struct {
	word  string
	count int64
}

// demoResult reads the counts back: the ten greatest, the sum and the number of lines.
func demoResult(ctx context.Context, settings setting.Values) (top []wordCount, words, distinct int64, err error) {
	store, prefix, err := standard.FromSettings(settings).Open(ctx, demoOutput)
	if err != nil {
		return nil, 0, 0, err
	}
	var all []wordCount
	for info, err := range store.List(ctx, prefix+"/", objstore.ListOptions{}) {
		if err != nil {
			return nil, 0, 0, err
		}
		if all, err = readCounts(ctx, store, info.Key, all); err != nil {
			return nil, 0, 0, err
		}
	}
	for _, w := range all {
		words += w.count
	}
	slices.SortFunc(all, func(a, b wordCount) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.word, b.word))
	})
	return all[:min(10, len(all))], words, int64(len(all)), nil
}

// readCounts adds the lines "word count" of an object to all.
func readCounts(ctx context.Context, store objstore.Store, key string, all []wordCount) ([]wordCount, error) {
	body, _, err := store.Get(ctx, key, objstore.All)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		word, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s has the line %q, which is not a word and its count", store.URL(key), lines.Text())
		}
		all = append(all, wordCount{word, n})
	}
	return all, lines.Err()
}
