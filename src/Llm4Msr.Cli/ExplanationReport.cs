using Llm4Msr.Serving;
using Spectre.Console;
using static System.FormattableString;

namespace Llm4Msr.Cli;

/// <summary>What <c>explain</c> found: one line per call of the model.</summary>
internal static class ExplanationReport
{
    public const string Caution = "The model reads hidden states, never words: text and prompt are evidence of what was known, not the cause of the prediction.";

    /// <param name="notGiven">Fields whose value the row was not given.</param>
    public static void Print(IAnsiConsole console, string model, int seed, Explanation explanation, IReadOnlyList<string> notGiven, Evidence? evidence)
    {
        console.WriteLine(Invariant($"{model}, seed {seed}: user '{explanation.User}', item '{explanation.Item}', {explanation.Scenario}")
            + (explanation.Rank is { } rank ? Invariant($" (rank {rank}, {(explanation.Clicked == true ? "clicked" : "not clicked")})") : ""));
        console.WriteLine(Invariant($"Probability {explanation.Probability:0.0000}, logit {explanation.Logit:+0.0000;-0.0000;0.0000}."));
        PrintKnowledge(console, explanation);
        PrintFields(console, explanation, notGiven);
        if (evidence is not null)
            PrintEvidence(console, evidence);
    }

    private static void PrintKnowledge(IAnsiConsole console, Explanation explanation)
    {
        if (explanation.Knowledge is not { } knowledge)
        {
            console.WriteLine("This model reads no knowledge.");
            return;
        }
        console.WriteLine(knowledge.AsOfRank is { } asOf ? Invariant($"The row sees its user's knowledge as of rank {asOf}.") : "The row sees no knowledge of its user.");
        if (explanation.Shares?.Scenario is { } scenario)
            console.WriteLine(Invariant($"Alpha, the scenario level's share in the logit: {scenario:0.0000}."));
        if (explanation.Shares?.User is { } user)
            console.WriteLine(Invariant($"Alpha of the user level: {user:0.0000}."));

        var table = NewTable("other knowledge");
        void Row(string name, float logit) => table.AddRow(Markup.Escape(name), Figure(logit), Signed(explanation.Logit - logit), Invariant($"{1 / (1 + Math.Exp(-logit)):0.0000}"));
        if (knowledge.LogitWithoutUser is { } withoutUser)
            Row("without user knowledge", withoutUser);
        if (knowledge.LogitWithoutScenario is { } withoutScenario)
            Row("without scenario knowledge", withoutScenario);
        if (knowledge.Nearest is { } near)
            Row(Invariant($"with that of user '{near.User}' (nearest, cosine {near.Cosine:0.000})"), near.Logit);
        console.Write(table);
    }

    private static void PrintFields(IAnsiConsole console, Explanation explanation, IReadOnlyList<string> notGiven)
    {
        var table = NewTable("without one field");
        foreach (var field in explanation.Fields)
        {
            var values = field.Values.Count > 0 ? string.Join(", ", field.Values) : notGiven.Contains(field.Field) ? "not given" : "never seen";
            table.AddRow(Markup.Escape($"{field.Field} = {values}"), Figure(field.LogitWithout), Signed(field.Effect), Invariant($"{1 / (1 + Math.Exp(-field.LogitWithout)):0.0000}"));
        }
        console.Write(table);
        console.WriteLine("Each line is a call of the model; a field is taken away by a value never seen in training. Effects do not add up: the model is not a sum.");
        if (notGiven.Count > 0)
            console.WriteLine($"Not given: {string.Join(", ", notGiven)}. The model read a value never seen in their place; --context FIELD=VALUE gives one.");
    }

    private static void PrintEvidence(IAnsiConsole console, Evidence evidence)
    {
        Print("user", evidence.User);
        Print("scenario", evidence.Scenario);
        console.WriteLine(Caution);

        void Print(string whom, Said? said)
        {
            if (said is null)
            {
                console.WriteLine($"Nothing was said about the {whom} that this row may see.");
                return;
            }
            console.WriteLine(said.Text.Length > 0 ? $"Said about the {whom}: {said.Text}" : $"The vector of the {whom} was made elsewhere, without a text.");
            if (said.Text.Length > 0)
                console.WriteLine(said.Prompt is null ? "  The prompt cannot be written again from these data with this template." : $"  Asked: {said.Prompt}");
        }
    }

    private static Table NewTable(string title)
    {
        var table = EvaluationReport.NewTable(title);
        table.AddColumn("");
        EvaluationReport.AddColumns(table, ["logit", "effect", "probability"]);
        return table;
    }

    private static string Figure(float logit) => Invariant($"{logit:0.0000}");

    private static string Signed(float effect) => Invariant($"{effect:+0.0000;-0.0000;0.0000}");
}
