package server

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	accessKeyField = "aws_access_key_id"
	secretKeyField = "aws_secret_access_key"
)

// access returns the caller's keys, or those of the directory, which are generated when it has none. The
// endpoint is not known yet.
func (d *directory) access(opts Options) (Access, error) {
	a := Access{AccessKey: opts.AccessKey, SecretKey: opts.SecretKey, Region: opts.Region}
	if a.AccessKey != "" {
		return a, nil
	}
	a.CredentialsFile = d.credentials()
	var err error
	a.AccessKey, a.SecretKey, err = readCredentials(a.CredentialsFile)
	if errors.Is(err, fs.ErrNotExist) {
		// rand.Text has at least 128 bits of randomness in 26 characters.
		a.AccessKey, a.SecretKey = "MS"+rand.Text()[:18], rand.Text()+rand.Text()
		err = writeCredentials(a.CredentialsFile, a.AccessKey, a.SecretKey)
	}
	if err != nil {
		return Access{}, fmt.Errorf("the store's credentials: %w", err)
	}
	return a, nil
}

// readCredentials reads the default profile of a file in the format of ~/.aws/credentials. A file that
// others can read is refused.
func readCredentials(path string) (accessKey, secretKey string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return "", "", fmt.Errorf("%s can be read by others (mode %04o): delete it to get new ones, or run chmod 600 on it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		switch strings.TrimSpace(name) {
		case accessKeyField:
			accessKey = strings.TrimSpace(value)
		case secretKeyField:
			secretKey = strings.TrimSpace(value)
		}
	}
	if accessKey == "" || len(secretKey) < minSecretLen {
		return "", "", fmt.Errorf("%s lacks %s or %s: delete it to get new ones", path, accessKeyField, secretKeyField)
	}
	return accessKey, secretKey, nil
}

// writeCredentials creates the file whole or not at all.
func writeCredentials(path, accessKey, secretKey string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "credentials-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "[default]\n%s = %s\n%s = %s\n", accessKeyField, accessKey, secretKeyField, secretKey)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
