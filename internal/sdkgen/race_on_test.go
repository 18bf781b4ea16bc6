//go:build race

package sdkgen

const raceDetector = true
