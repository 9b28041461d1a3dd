namespace Llm4Msr.Import.Generator;

/// <summary>The rows of a scenario as columns, user after user and in time. Users and items count from 0.</summary>
/// <param name="FirstRow">Where each user's rows start, and in the last place how many rows there are.</param>
/// <param name="Millisecond">Since the start of the period. Rows of a user with one time are one session.</param>
/// <param name="Probability">Of a click: the planted truth.</param>
/// <param name="Clicked">What came of it.</param>
internal sealed record ScenarioRows(int[] FirstRow, int[] Item, int[] Millisecond, float[] Probability, bool[] Clicked)
{
    public int Count => Item.Length;
}

/// <summary>Plants the rows of one scenario.</summary>
internal sealed class ScenarioPlanter(GeneratorOptions options, PlantedTruth truth, PlantedActivity activity, int scenario)
{
    private const int MillisecondsPerDay = 24 * 3600 * 1000, ASecond = 1000;

    private readonly GeneratedScenario _scenario = options.Scenarios[scenario];
    private readonly Permutation _slots = new(options.Scenarios[scenario].Interactions, new Draws(options.Seed, Purpose.Slots, scenario));
    private readonly Permutation _ranks = new(options.Scenarios[scenario].Items, new Draws(options.Seed, Purpose.ItemRanks, scenario));
    private readonly Permutation _ids = new(options.AllItems, new Draws(options.Seed, Purpose.ItemIds));
    private readonly Draws _further = new(options.Seed, Purpose.FurtherItems, scenario);
    private readonly Draws _sessions = new(options.Seed, Purpose.Sessions, scenario);
    private readonly Draws _times = new(options.Seed, Purpose.Times, scenario);
    private readonly int _firstOwnItem = options.SharedItems + options.Scenarios.Take(scenario).Sum(s => s.Items - options.SharedItems);

    /// <param name="done">Called with the number of rows that are made, now and then.</param>
    /// <returns>The rows, and the intercept with which their mean probability is the scenario's click share.</returns>
    public (ScenarioRows Rows, double Intercept) Plant(Action<int> done)
    {
        var first = activity.FirstRows(scenario);
        var (items, times, logits) = (new int[first[^1]], new int[first[^1]], new float[first[^1]]);
        for (var user = 0; user < options.Users; user++)
        {
            for (var row = first[user]; row < first[user + 1]; row++)
            {
                items[row] = ItemOf(row);
                logits[row] = truth.Logit(scenario, user, items[row]);
            }
            SetTimes(user, first[user], items.AsSpan(first[user]..first[user + 1]), times.AsSpan(first[user]..first[user + 1]));
            if (user % 64 == 0)
                done(first[user]);
        }

        var intercept = Intercept.For(logits, _scenario.ClickShare);
        var clicks = new Draws(options.Seed, Purpose.Clicks, scenario);
        var clicked = new bool[logits.Length];
        for (var row = 0; row < logits.Length; row++)
        {
            logits[row] = truth.Probability(scenario, logits[row], intercept);
            clicked[row] = clicks.Uniform(row) < logits[row];
        }
        return (new ScenarioRows(first, items, times, logits, clicked), intercept);
    }

    /// <summary>Every item gets one row; all further rows go to items by their rank.</summary>
    private int ItemOf(int row)
    {
        var slot = _slots[row];
        var rank = slot < _scenario.Items
            ? slot
            : Math.Min(_scenario.Items - 1, (int)(_scenario.Items * Math.Pow(_further.Uniform(slot), options.PopularitySkew)));
        var item = _ranks[rank];
        return _ids[item < options.SharedItems ? item : _firstOwnItem + item - options.SharedItems];
    }

    /// <summary>Groups a user's rows into sessions, in which no item comes twice, and gives each its time, a second apart at least.</summary>
    private void SetTimes(int user, int firstRow, ReadOnlySpan<int> items, Span<int> times)
    {
        var session = new int[items.Length];
        var (sessions, start, most) = (0, 0, 0);
        for (var k = 0; k < items.Length; k++)
        {
            if (k == 0 || k - start == most || items[start..k].Contains(items[k]))
            {
                (start, most) = (k, 1 + _sessions.Below(_scenario.ItemsPerSession, firstRow + k));
                sessions++;
            }
            session[k] = sessions - 1;
        }

        var period = options.Days * MillisecondsPerDay;
        var from = activity.IsCold(user) ? period / 10 * 9 : 0;
        var starts = new int[sessions];
        for (var k = 0; k < sessions; k++)
            starts[k] = from + _times.Below(period - from, firstRow + k);
        Array.Sort(starts);
        for (var k = 1; k < sessions; k++)
            starts[k] = Math.Max(starts[k], starts[k - 1] + ASecond);
        for (var k = 0; k < times.Length; k++)
            times[k] = starts[session[k]];
    }
}

/// <summary>What has to be added to logits so that their probabilities have a given mean.</summary>
internal static class Intercept
{
    private const double Tolerance = 1e-9;

    public static double For(ReadOnlySpan<float> logits, double mean)
    {
        var (low, high, intercept) = (-100.0, 100.0, Math.Log(mean / (1 - mean)));
        for (var step = 0; step < 100; step++)
        {
            double sum = 0, slope = 0;
            foreach (var logit in logits)
            {
                var p = 1 / (1 + Math.Exp(-(logit + intercept)));
                sum += p;
                slope += p * (1 - p);
            }
            var excess = sum / logits.Length - mean;
            if (Math.Abs(excess) < Tolerance)
                break;
            (low, high) = excess > 0 ? (low, intercept) : (intercept, high);
            var next = intercept - excess * logits.Length / slope; // Newton, unless that leaves the bracket
            intercept = next > low && next < high ? next : (low + high) / 2;
        }
        return intercept;
    }
}
