using MathNet.Numerics.LinearAlgebra;

namespace Llm4Msr.TrainEmbedded;

/// <summary>Ridge regression from states to what they may hold, judged on rows that it was not fitted on.</summary>
internal static class LinearProbe
{
    private static readonly double[] s_penalties = [1e-3, 1e-2, 1e-1, 1];

    /// <summary>
    /// Fitted on the first half, the penalty chosen on the next quarter, judged on the last. Rows are taken in a drawn order.
    /// </summary>
    /// <param name="states">N rows of H numbers.</param>
    /// <param name="targets">N rows of K numbers; R² is the mean over the K.</param>
    /// <param name="shuffled">Whether fitting and choosing see the targets of other rows.</param>
    public static double R2(double[][] states, double[][] targets, bool shuffled)
    {
        var random = new Random(1);
        int[] rows = [.. Enumerable.Range(0, states.Length)];
        random.Shuffle(rows);
        int[] targetRows = [.. rows];
        var (fitted, chosen) = (rows.Length / 2, rows.Length * 3 / 4);
        if (shuffled)
            random.Shuffle(targetRows.AsSpan(0, chosen));
        var x = Standardised([.. rows.Select(row => states[row])], fitted);
        double[][] y = [.. targetRows.Select(row => targets[row])];
        var best = s_penalties.MaxBy(penalty => Judge(x, y, fitted, fitted, chosen, penalty));
        return Judge(x, y, fitted, chosen, rows.Length, best);
    }

    private static double Judge(Matrix<double> x, double[][] y, int fitted, int from, int to, double penalty)
    {
        double[] means = [.. y[0].Select((_, k) => y.Take(fitted).Average(row => row[k]))];
        var xFit = x.SubMatrix(0, fitted, 0, x.ColumnCount);
        var yFit = Matrix<double>.Build.Dense(fitted, means.Length, (row, k) => y[row][k] - means[k]);
        var gram = xFit.TransposeThisAndMultiply(xFit) + penalty * fitted * Matrix<double>.Build.DenseIdentity(x.ColumnCount);
        var seen = x.SubMatrix(from, to - from, 0, x.ColumnCount) * gram.Cholesky().Solve(xFit.TransposeThisAndMultiply(yFit));
        return means.Select((mean, k) =>
        {
            double[] wanted = [.. y[from..to].Select(row => row[k])];
            var center = wanted.Average();
            return 1 - wanted.Select((value, row) => Math.Pow(value - mean - seen[row, k], 2)).Sum() / wanted.Sum(value => Math.Pow(value - center, 2));
        }).Average();
    }

    /// <summary>By mean and deviation of the rows that are fitted.</summary>
    private static Matrix<double> Standardised(double[][] rows, int fitted)
    {
        var x = Matrix<double>.Build.DenseOfRowArrays(rows);
        foreach (var (column, values) in x.EnumerateColumnsIndexed())
        {
            var mean = values.Take(fitted).Average();
            var deviation = Math.Sqrt(values.Take(fitted).Average(value => Math.Pow(value - mean, 2)));
            x.SetColumn(column, (values - mean) / (deviation + 1e-9));
        }
        return x;
    }
}
