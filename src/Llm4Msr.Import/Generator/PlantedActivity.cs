namespace Llm4Msr.Import.Generator;

/// <summary>How active users are: log-normal, more alike between the scenarios of one user than between users.</summary>
internal sealed class PlantedActivity(GeneratorOptions options)
{
    public const int MostColdRows = 3;

    private const double ShareOfUser = 0.8, ShareOfScenario = 0.6; // squares add up to 1

    private readonly Draws _cold = new(options.Seed, Purpose.Cold), _activity = new(options.Seed, Purpose.Activity);

    /// <summary>Whether a user comes late and stays short.</summary>
    public bool IsCold(int user) => _cold.Uniform(user) < options.ColdStart;

    /// <summary>0 (least) to 4.</summary>
    public int Level(int user, int scenario) => IsCold(user) ? 0 : Of(user, scenario) switch
    {
        < -1 => 0,
        < -0.3 => 1,
        < 0.3 => 2,
        < 1 => 3,
        _ => 4,
    };

    /// <summary>Where each user's rows in a scenario start, and in the last place how many there are. Nobody has none.</summary>
    public int[] FirstRows(int scenario)
    {
        var rows = new int[options.Users + 1];
        var weights = new double[options.Users];
        var (left, sum) = (options.Scenarios[scenario].Interactions, 0.0);
        for (var user = 0; user < options.Users; user++)
        {
            rows[user] = IsCold(user) ? 1 + (int)(_cold.Bits((long)options.Users * (scenario + 1) + user) % MostColdRows) : 1;
            weights[user] = IsCold(user) ? 0 : Math.Exp(Of(user, scenario));
            left -= rows[user];
            sum += weights[user];
        }
        if (sum == 0)
            (weights, sum) = ([.. weights.Select(_ => 1.0)], options.Users); // a handful of users, all of them cold
        var (start, upTo, given) = (0, 0.0, 0);
        for (var user = 0; user < options.Users; user++)
        {
            upTo += weights[user];
            var share = user == options.Users - 1 ? left : (int)(upTo / sum * left);
            var own = rows[user] + share - given;
            (rows[user], given, start) = (start, share, start + own);
        }
        rows[^1] = start;
        return rows;
    }

    private double Of(int user, int scenario) =>
        ShareOfUser * _activity.Normal(user) + ShareOfScenario * new Draws(options.Seed, Purpose.OwnActivity, scenario).Normal(user);
}
