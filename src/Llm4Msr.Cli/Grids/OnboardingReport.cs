using System.Globalization;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>What <c>onboard</c> found, a table for each scenario.</summary>
internal sealed record OnboardingReport(IReadOnlyList<Onboarding> Scenarios, IReadOnlyList<ArmResult> Arms)
{
    private string[] Remarks =>
    [
        "Its prompt: everything that belongs to a scenario (tower, normalisation, embedding, alpha) is the nearest other one's by cosine of their knowledge, and the knowledge read is its own.",
        "Cosines do not say whose parameters fit: the nearest scenario's may be the wrong ones, and whether the mean of all others does better with its prompt is not known before there are labels. The verdict is about the nearest.",
        "The models read scenarios' knowledge alone: users' prompts hold what they liked in every scenario. The scenario's prompt holds counts of its training rows, which a really new one has not; no label of it is read.",
        EvaluationReport.OfAScenario(Arms[0].Best.Seeds.Count),
    ];

    public object Model(string output) => new
    {
        output,
        scenarios = Scenarios.Select(s => new
        {
            s.Scenario,
            verdict = s.Verdict switch { Evaluation.Verdict.SecondAhead => "gains", Evaluation.Verdict.FirstAhead => "does not pay", Evaluation.Verdict.NotShown => "not shown", _ => "undefined" },
            sentence = s.Sentence(),
            s.Nearest,
            s.Cosines,
            s.Rows,
            s.Undefined,
            starts = s.Starts,
        }),
        remarks = Remarks,
        trials = Arms.Select(arm => new { arm = arm.Arm.Name, run = arm.Best.Run, trials = arm.Tried }),
    };

    public void WriteTable(string path) => CsvFile.Write(
        path, ["scenario", "start", "parameters", "auc", "its_prompt_less", "low", "high"],
        Scenarios.SelectMany(s => s.Starts.Select(start => (IReadOnlyList<object?>)[
            s.Scenario, start.Start, start.Parameters, start.Auc, start.ItsPromptLess?.Difference, start.ItsPromptLess?.Interval?.Low, start.ItsPromptLess?.Interval?.High])));

    public void Print(IAnsiConsole console)
    {
        foreach (var scenario in Scenarios)
        {
            var table = EvaluationReport.NewTable(string.Create(CultureInfo.InvariantCulture, $"'{scenario.Scenario}', never trained on, {scenario.Rows:N0} test rows"));
            table.AddColumn("starts from");
            EvaluationReport.AddColumns(table, ["parameters of", "AUC", "its prompt\nless that", "95 % interval"]);
            foreach (var start in scenario.Starts)
            {
                table.AddRow([.. ((string[])[
                    start.Start, start.Parameters ?? (start.Start == Onboarding.TrainedWithIt ? "its own" : "all others"), Numbers.Figure(start.Auc),
                    start.ItsPromptLess is { } less ? Numbers.WithSign(less.Difference) : "", start.ItsPromptLess is { } over ? Numbers.WithSign(over.Interval) : "",
                ]).Select(Markup.Escape)]);
            }
            console.Write(table);
            console.WriteLine($"Nearest: {string.Join(", ", scenario.Cosines.OrderByDescending(c => c.Value).Select(c => string.Create(CultureInfo.InvariantCulture, $"'{c.Key}' {c.Value:0.0000}")))}.");
            console.WriteLine(scenario.Sentence());
        }
        foreach (var remark in Remarks)
            console.WriteLine(remark);
    }
}
