using System.Xml.Linq;
using Llm4Msr.Data;
using Llm4Msr.Evaluation;
using Llm4Msr.Experiments.Pages;
using Llm4Msr.Models;
using Llm4Msr.Models.Enhancements;
using Llm4Msr.Platform;
using Llm4Msr.Tests.Evaluation;
using Llm4Msr.Training;

namespace Llm4Msr.Experiments.Tests;

/// <summary>Figures of a report on two made-up runs, of which the second sees more of what made users click.</summary>
internal static class SampleReport
{
    private const int Users = 40;

    private static readonly EvaluationOptions s_options = new() { Replicates = 100, Threads = 1 };

    /// <param name="text">Stands wherever a report shows a text from outside.</param>
    public static ReportFigures Figures(string text = "sample")
    {
        var (plain, fused) = (Seeds(error: 1.5), Seeds(error: 0.2));
        var statistics = new DataStatistics([new ScenarioStatistics(40, 30, 400, 200), new ScenarioStatistics(40, 20, 400, 200)], 40, 50, 40, 0, 800);
        var data = new DataDescription(
            text, new PlatformDescription("Shelf", "a place for tests", "readers", "books", "liked"), [new Scenario(text, ""), new Scenario("feed", "")], new SplitOptions(),
            new Dictionary<Part, PartFacts> { [Part.Test] = new(800, 0, 799) }, statistics, statistics, "interactions", "training part", new Dictionary<string, FileFacts>());
        return new ReportFigures(
            ReportFigures.CurrentFormat, "1.0", text, text, [text], "fused", [new RealLess("plain", Comparison.Of(plain, fused, s_options).Mean)], Part.Test,
            [Run("plain", EnhancementKind.None, plain, null), Run(text, EnhancementKind.Llm4msr, fused, plain)], text, data, Knowledge: null, Reasoning: null, Audit: null,
            new CaseStudy(text, 7, text, $"{text} in a prompt", 1, [new PromptLine(text, ["script"])], null, new Dictionary<string, string> { [text] = text }),
            Controls: null, Reproduced: [], Times: null, Value: null, Protocols: null, Machine.Current);
    }

    /// <summary>The sections of the page by name, as a browser would read them.</summary>
    public static Dictionary<string, XElement> Sections(ReportFigures figures) =>
        XElement.Parse(ReportPage.Of(figures)["<!DOCTYPE html>".Length..]).Descendants("section").ToDictionary(s => s.Attribute("id")!.Value);

    /// <summary>Two seeds on the same rows.</summary>
    /// <param name="error">How much the model gets wrong.</param>
    public static Dictionary<int, ScoredRows> Seeds(double error) =>
        Enumerable.Range(1, 2).ToDictionary(seed => seed, seed => SampleScores.Of(seed: 1, model: seed, error, Users, scenarios: 2));

    private static RunFigures Run(string name, EnhancementKind enhancement, Dictionary<int, ScoredRows> seeds, Dictionary<int, ScoredRows>? baseline)
    {
        FusionShares[]? shares = enhancement == EnhancementKind.None ? null : [new(null, 0.4), new(null, 0.4)];
        return new RunFigures(
            name, name, BackboneKind.Star, enhancement, shares is null ? null : KnowledgeArm.Real,
            [.. seeds.Select(seed => new SeedFigures(seed.Key, Metrics.Of(seed.Value, s_options), "weights", [Epoch(1, 0.7, shares), Epoch(2, 0.6, shares)], shares))],
            MetricsIntervals.Of([.. seeds.Values], s_options), baseline is null ? null : "plain", baseline is null ? null : Comparison.Of(baseline, seeds, s_options),
            Calibration.Curve(seeds[1].Logits, seeds[1].Clicked),
            baseline is null ? [] : ActivityGroup.Of(baseline, seeds, [.. Enumerable.Range(0, 3 * Users)], s_options, CancellationToken.None), 2, null, null, null, null);
    }

    private static EpochSummary Epoch(int epoch, double loss, FusionShares[]? shares) => new(epoch, loss, new ValidationSummary(0.6), epoch == 1, 1, shares);
}
