#!/usr/bin/env bash
# Lattigo 6.1.1: a CKKS product at level 0, whose scale of 80 bits no longer fits the last prime of 50, is computed, relinearised and
# decrypted without an error, and the numbers are wrong. A programme that leaves Rescale out, because nothing follows, is not told.
# OpenFHE throws at decryption, and SEAL throws "scale out of bounds" at the product. Needs Go.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"math"

	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	params := must(ckks.NewParametersFromLiteral(ckks.ParametersLiteral{LogN: 12, LogQ: []int{50, 40}, LogP: []int{50}, LogDefaultScale: 40}))
	generator := rlwe.NewKeyGenerator(params)
	secret := generator.GenSecretKeyNew()
	encoder, encryptor, decryptor := ckks.NewEncoder(params), rlwe.NewEncryptor(params, secret), rlwe.NewDecryptor(params, secret)
	evaluator := ckks.NewEvaluator(params, rlwe.NewMemEvaluationKeySet(generator.GenRelinearizationKeyNew(secret)))
	plaintext := ckks.NewPlaintext(params, params.MaxLevel())
	if err := encoder.Encode([]float64{3}, plaintext); err != nil {
		panic(err)
	}
	three := must(encryptor.EncryptNew(plaintext))
	for _, level := range []int{1, 0} {
		operand := three.CopyNew()
		evaluator.DropLevel(operand, three.Level()-level)
		product, err := evaluator.MulRelinNew(operand, operand)
		values := make([]float64, 1)
		if err == nil {
			err = encoder.Decode(decryptor.DecryptNew(product), values)
		}
		isNine := math.Abs(values[0]-9) < 0.001
		fmt.Printf("lattigo 6.1.1: 3 x 3 at level %d is nine: %v, error: %v\n", level, isNine, err)
	}
}
GO
go mod init probe >/dev/null 2>&1
go get github.com/tuneinsight/lattigo/v6@v6.1.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go run . | tee out.txt
# Seen on 2026-11-29:
cat > seen.txt <<'TXT'
lattigo 6.1.1: 3 x 3 at level 1 is nine: true, error: <nil>
lattigo 6.1.1: 3 x 3 at level 0 is nine: false, error: <nil>
TXT
diff seen.txt out.txt
