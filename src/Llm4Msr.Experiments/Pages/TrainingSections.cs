using Llm4Msr.Experiments.Plots;

namespace Llm4Msr.Experiments.Pages;

/// <summary>How the runs were trained.</summary>
internal static class TrainingSections
{
    public static Section Curves(ReportFigures figures)
    {
        var runs = ResultSections.Shown(figures.Runs);
        var (auc, loss) = (Plot.Model(Plot.Numbers("epoch", "0"), Plot.Numbers("mean AUC", "0.00")), Plot.Model(Plot.Numbers("epoch", "0"), Plot.Numbers("log loss", "0.00")));
        foreach (var (run, k) in runs.Select((run, k) => (run, k)))
        {
            foreach (var seed in run.Seeds)
            {
                auc.AddLine(k, seed.Epochs.Where(e => e.Validation.MeanAuc is not null).Select(e => ((double)e.Epoch, e.Validation.MeanAuc!.Value)));
                if (seed.Epochs.LastOrDefault(e => e.IsBest) is { Validation.MeanAuc: { } best } kept)
                    auc.AddMarks(k, [(kept.Epoch, best)]);
                loss.AddLine(k, seed.Epochs.Select(e => ((double)e.Epoch, e.Loss)));
            }
        }
        return new Section("learning", "Learning curves", ResultSections.Legend(figures, runs), Html.Classed("div", "plots",
            ResultSections.Figure("Validation part", Plot.Draw(auc, "validation", $"Mean AUC of the validation part by epoch; kept: {string.Join("; ", runs.Select(r => $"{r.Name} epoch {string.Join(", ", r.Seeds.Select(s => s.Epochs.LastOrDefault(e => e.IsBest)?.Epoch))}"))}."),
                "A line for each seed; the mark is the epoch whose weights were kept."),
            ResultSections.Figure("Training loss", Plot.Draw(loss, "loss", $"Training loss by epoch; last: {string.Join("; ", runs.Select(r => $"{r.Name} {Numbers.Figure(r.Seeds.Average(s => s.Epochs.Count == 0 ? null : (double?)s.Epochs[^1].Loss))}"))}."),
                "Mean of each epoch, in nats.")));
    }

    public static Section Alpha(ReportFigures figures)
    {
        var runs = figures.Runs.Where(r => r.Seeds.Any(s => s.Shares is not null)).ToList();
        if (runs.Count == 0)
            return new Section("alpha", "Alpha over time", Section.Missing("None of these runs has meta layers.", "llm4msr train DATA --enhancement llm4msr --knowledge KNOWLEDGE.db --out RUN"));
        var table = Html.Table("Alpha of the weights kept, mean over seeds: the scenario level's share in the logit", ["run", .. figures.Scenarios],
            runs.Select(run => (IEnumerable<object?>)[Html.Foreign(run.Name), .. Enumerable.Range(0, figures.Scenarios.Count).Select(s =>
                run.Seeds.Average(seed => seed.Shares?[s].Scenario) is { } share ? Numbers.Figure(share) : "not beside the backbone")]));
        var drawn = ResultSections.Shown(runs.Where(r => r.Seeds.Any(s => s.Epochs.Any(e => e.Shares is { Count: > 0 } shares && shares[0].Scenario is not null))).ToList());
        if (drawn.Count == 0)
            return new Section("alpha", "Alpha over time", table, Section.Missing("These runs did not keep the alpha of every epoch; runs trained from now on do.", "llm4msr train DATA ... --out NEW-RUN"));
        var model = Plot.Model(Plot.Numbers("epoch", "0"), Plot.Numbers("alpha", "0.00"));
        foreach (var run in drawn)
        {
            foreach (var seed in run.Seeds)
            {
                for (var s = 0; s < (SameInAll(seed) ? 1 : figures.Scenarios.Count); s++)
                    model.AddLine(ResultSections.IndexOf(figures, run), seed.Epochs.Where(e => e.Shares?[s].Scenario is not null).Select(e => ((double)e.Epoch, e.Shares![s].Scenario!.Value)));
            }
        }
        return new Section("alpha", "Alpha over time", ResultSections.Legend(figures, drawn), Html.Classed("div", "plots",
            ResultSections.Figure("Alpha by epoch", Plot.Draw(model, "alphas", $"Alpha by epoch; last: {string.Join("; ", drawn.Select(r => $"{r.Name} {Numbers.Figure(r.Seeds.Average(s => s.Epochs[^1].Shares?[0].Scenario))}"))}."),
                "The share of the scenario level in the logit (equation 9), a line for each seed, and for each scenario where they differ.")), table);
    }

    private static bool SameInAll(SeedFigures seed) => seed.Epochs.All(e => e.Shares is null || e.Shares.Select(s => s.Scenario).Distinct().Count() == 1);
}
