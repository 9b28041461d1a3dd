using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Llm4Msr.Evaluation;

/// <summary>The figures that are taken under draws of the users; whatever does not depend on the draw is done once.</summary>
internal static class UserStatistics
{
    private const uint ClickedBit = 1, LastOfScoreBit = 2;
    private const int UserShift = 2;

    /// <summary>Every figure but the AUC, in the order of <see cref="Figure"/>.</summary>
    public static UserStatistic[] BesideAuc(ScoreOrder order, int users) =>
    [
        GroupedAuc(order, users), LogLoss(order, users), NormalizedEntropy(order, users), CalibrationError(order), PredictedToActual(order, users),
    ];

    /// <summary>AUC, exact: one pass over rows that were sorted once.</summary>
    public static UserStatistic Auc(ScoreOrder order)
    {
        var words = order.Words;
        var rows = new uint[words.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            var isLast = row + 1 == rows.Length || ScoreOrder.Rank(words[row + 1]) != ScoreOrder.Rank(words[row]);
            rows[row] = (uint)ScoreOrder.User(words[row]) << UserShift | (isLast ? LastOfScoreBit : 0) | (ScoreOrder.Clicked(words[row]) ? ClickedBit : 0);
        }
        return weights => AucOf(rows, weights);
    }

    /// <summary>Mean of the users' own AUC, weighted by their rows.</summary>
    public static UserStatistic GroupedAuc(ScoreOrder order, int users)
    {
        var (sums, rows) = (new double[users], new double[users]);
        var pairs = Evaluation.GroupedAuc.PairsByUser(order);
        for (var user = 0; user < pairs.Length; user++)
        {
            if (pairs[user].Share() is not { } auc)
                continue;
            sums[user] = auc * pairs[user].Rows;
            rows[user] = pairs[user].Rows;
        }
        return Ratio(sums, rows);
    }

    public static UserStatistic LogLoss(ScoreOrder order, int users)
    {
        var (sums, rows) = (new double[users], new double[users]);
        foreach (var word in order.Words)
        {
            sums[ScoreOrder.User(word)] += Evaluation.LogLoss.OfLogit(ScoreOrder.Score(word), ScoreOrder.Clicked(word) ? 1 : 0);
            rows[ScoreOrder.User(word)]++;
        }
        return Ratio(sums, rows);
    }

    /// <summary>Log loss over that of the click rate of the rows drawn.</summary>
    public static UserStatistic NormalizedEntropy(ScoreOrder order, int users)
    {
        var (rows, clicks) = (new double[users], new double[users]);
        foreach (var word in order.Words)
        {
            rows[ScoreOrder.User(word)]++;
            clicks[ScoreOrder.User(word)] += ScoreOrder.Clicked(word) ? 1 : 0;
        }
        var (logLoss, clickRate) = (LogLoss(order, users), Ratio(clicks, rows));
        return weights =>
        {
            var rate = clickRate(weights);
            var other = Vector512<double>.One - rate;
            return logLoss(weights) / -(rate * Vector512.Log(rate) + other * Vector512.Log(other));
        };
    }

    public static UserStatistic PredictedToActual(ScoreOrder order, int users)
    {
        var (predicted, actual) = (new double[users], new double[users]);
        foreach (var word in order.Words)
        {
            predicted[ScoreOrder.User(word)] += Calibration.Probability(word);
            actual[ScoreOrder.User(word)] += ScoreOrder.Clicked(word) ? 1 : 0;
        }
        return Ratio(predicted, actual);
    }

    /// <summary>Expected calibration error in the bins that all rows make.</summary>
    public static UserStatistic CalibrationError(ScoreOrder order)
    {
        var (user, excess) = (new int[order.Words.Length], new double[order.Words.Length]);
        for (var row = 0; row < user.Length; row++)
            (user[row], excess[row]) = (ScoreOrder.User(order.Words[row]), Calibration.Excess(order.Words[row]));
        var ends = Calibration.BinEnds(order);
        return weights =>
        {
            var drawn = MemoryMarshal.Cast<double, Vector512<double>>(weights);
            var (distances, count) = (Vector512<double>.Zero, Vector512<double>.Zero);
            var row = 0;
            foreach (var end in ends)
            {
                var binned = Vector512<double>.Zero;
                for (; row < end; row++)
                {
                    binned += drawn[user[row]] * excess[row];
                    count += drawn[user[row]];
                }
                distances += Vector512.Abs(binned);
            }
            return distances / count;
        };
    }

    /// <summary>Sum over users of one quantity over the sum of another.</summary>
    private static UserStatistic Ratio(double[] above, double[] below) => weights =>
    {
        var drawn = MemoryMarshal.Cast<double, Vector512<double>>(weights);
        var (sum, count) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (var user = 0; user < above.Length; user++)
        {
            sum += drawn[user] * above[user];
            count += drawn[user] * below[user];
        }
        return sum / count;
    };

    private static Vector512<double> AucOf(uint[] rows, ReadOnlySpan<double> weights)
    {
        var drawn = MemoryMarshal.Cast<double, Vector512<double>>(weights);
        var (clicked, unclicked, ordered) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512<double>.Zero);
        var (clickedHere, unclickedHere) = (Vector512<double>.Zero, Vector512<double>.Zero);
        foreach (var row in rows)
        {
            var weight = drawn[(int)(row >> UserShift)];
            if ((row & ClickedBit) != 0)
                clickedHere += weight;
            else
                unclickedHere += weight;
            if ((row & LastOfScoreBit) == 0)
                continue;
            ordered += clickedHere * (unclicked + unclickedHere * 0.5);
            clicked += clickedHere;
            unclicked += unclickedHere;
            clickedHere = unclickedHere = Vector512<double>.Zero;
        }
        return ordered / (clicked * unclicked);
    }
}
