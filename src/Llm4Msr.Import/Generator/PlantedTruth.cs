namespace Llm4Msr.Import.Generator;

/// <summary>What an item is about: one topic or two, each with a word.</summary>
/// <param name="Side">The second topic; -1 where there is none.</param>
internal readonly record struct ItemTopics(int Main, int Side, int MainWord, int SideWord);

/// <summary>
/// Why anybody clicks. With v = interest of user u in scenario s plus the scenario's taste, averaged over the topics of item i,
/// P(click) = (1 - noise) sigmoid(intercept_s + strength v + appeal_i) + noise share_s.
/// </summary>
/// <remarks>
/// An interest is √shared times what the user has in every scenario plus √(1 - shared) times what is the scenario's own, each
/// normal with deviation 1; a taste likewise. Shapes: U users, S scenarios, T topics.
/// </remarks>
internal sealed class PlantedTruth
{
    private const double ShareOfItemsWithTwoTopics = 1.0 / 3;

    private readonly GeneratorOptions _options;
    private readonly Draws _topics, _words, _appeal;

    /// <summary>What counts for a click: strength times interest plus taste, [U, S, T].</summary>
    private readonly float[] _pull;

    public PlantedTruth(GeneratorOptions options)
    {
        _options = options;
        _topics = new Draws(options.Seed, Purpose.Topics);
        _words = new Draws(options.Seed, Purpose.Words);
        _appeal = new Draws(options.Seed, Purpose.Appeal);
        var (users, scenarios, topics) = (options.Users, options.Scenarios.Count, options.Topics.Count);
        Tastes = Mixed(1, scenarios, topics, Purpose.SharedTaste, Purpose.OwnTaste, options.ScenarioTaste);
        Interests = Mixed(users, scenarios, topics, Purpose.SharedInterest, Purpose.OwnInterest, 1);
        _pull = new float[Interests.Length];
        for (var k = 0; k < _pull.Length; k++)
            _pull[k] = (float)(options.InterestStrength * (Interests[k] + Tastes[k % Tastes.Length]));
    }

    /// <summary>[U, S, T].</summary>
    public float[] Interests { get; }

    /// <summary>[S, T].</summary>
    public float[] Tastes { get; }

    /// <summary>The click probability.</summary>
    /// <param name="intercept">Of the scenario, as calibrated.</param>
    public float Probability(int scenario, float logit, double intercept) =>
        (float)((1 - _options.Noise) / (1 + Math.Exp(-(logit + intercept))) + _options.Noise * _options.Scenarios[scenario].ClickShare);

    /// <summary>The logit before the scenario's intercept.</summary>
    /// <param name="item">As in the files, but from 0.</param>
    public float Logit(int scenario, int user, int item)
    {
        var pull = _pull.AsSpan((user * _options.Scenarios.Count + scenario) * _options.Topics.Count, _options.Topics.Count);
        var (main, side) = TopicsOf(item);
        var match = side < 0 ? pull[main] : (pull[main] + pull[side]) / 2;
        return (float)(match + _options.Appeal * _appeal.Normal(item));
    }

    public ItemTopics Describe(int item)
    {
        var (main, side) = TopicsOf(item);
        return new ItemTopics(main, side, WordOf(main, 2L * item), side < 0 ? -1 : WordOf(side, 2L * item + 1));
    }

    private int WordOf(int topic, long draw) => _words.Below(_options.Topics[topic].Words.Count, draw);

    private (int Main, int Side) TopicsOf(int item)
    {
        var topics = _options.Topics.Count;
        var main = _topics.Below(topics, 2L * item);
        var draw = _topics.Uniform(2L * item + 1);
        return draw >= ShareOfItemsWithTwoTopics ? (main, -1) : (main, (main + 1 + (int)(draw / ShareOfItemsWithTwoTopics * (topics - 1))) % topics);
    }

    /// <returns>[owners, scenarios, topics].</returns>
    private float[] Mixed(int owners, int scenarios, int topics, Purpose shared, Purpose own, double deviation)
    {
        var (sharedDraws, ownDraws) = (new Draws(_options.Seed, shared), new Draws(_options.Seed, own));
        var (sharedWeight, ownWeight) = (Math.Sqrt(_options.SharedPart), Math.Sqrt(1 - _options.SharedPart));
        var mixed = new float[(long)owners * scenarios * topics];
        for (long owner = 0, k = 0; owner < owners; owner++)
        {
            for (var scenario = 0; scenario < scenarios; scenario++)
            {
                var sign = _options.NegativeTransfer && scenario % 2 == 1 ? -1 : 1;
                for (var topic = 0; topic < topics; topic++, k++)
                    mixed[k] = (float)(deviation * (sign * sharedWeight * sharedDraws.Normal(owner * topics + topic) + ownWeight * ownDraws.Normal(k)));
            }
        }
        return mixed;
    }
}
