package main

import "context"

func besideFlink(context.Context) error { return nil }
