namespace Llm4Msr.Evaluation;

/// <summary>
/// Log loss in units of what predicting the click rate for every row would lose (He et al. 2014): below 1 is better than
/// knowing the rate alone, and scenarios of different rates can be compared.
/// </summary>
public static class NormalizedEntropy
{
    /// <param name="logLoss">Mean over the rows, in nats.</param>
    /// <returns>Null where all rows are of one class: then the rate alone loses nothing.</returns>
    public static double? Of(double? logLoss, long rows, long clicks)
    {
        if (clicks == 0 || clicks == rows)
            return null;
        var rate = (double)clicks / rows;
        return logLoss / -(rate * Math.Log(rate) + (1 - rate) * Math.Log(1 - rate));
    }
}
