using Llm4Msr.Cli.Configuration;
using Spectre.Console;

namespace Llm4Msr.Cli.Grids;

/// <summary>What <c>reproduce all</c> made.</summary>
/// <param name="Untrained">How many cells the budget left out.</param>
/// <param name="Report">The page that tells all of it; null where nothing was trained.</param>
internal sealed record ReproducedAll(IReadOnlyList<ReproducedPart> Parts, IReadOnlyList<NotReproduced> LeftOut, int Untrained, string? Report)
{
    /// <summary>Writes <c>all.json</c>, which names the rest.</summary>
    public ReproducedPart Write(string output)
    {
        Config.WriteFile(Path.Combine(output, "all.json"), new
        {
            output,
            made = Parts.Select(p => new { p.What, file = $"{Spelling.Of(p.What)}/{Spelling.Of(p.What)}.json" }),
            leftOut = LeftOut,
            untrained = Untrained,
            report = Report,
        });
        return new ReproducedPart(Reproduced.All, new { output, parts = Parts.ToDictionary(p => Spelling.Of(p.What), p => p.Model), leftOut = LeftOut, untrained = Untrained, report = Report }, Print);
    }

    private void Print(IAnsiConsole console)
    {
        foreach (var part in Parts)
        {
            part.Print(console);
            console.WriteLine();
        }
        console.WriteLine($"Made: {string.Join(", ", Parts.Select(p => Spelling.Of(p.What)))}, each in a folder of its name.");
        foreach (var (what, reason) in LeftOut)
            console.WriteLine($"Left out: {Spelling.Of(what)}: {reason}.");
        if (Report is not null)
            console.WriteLine($"The report is in {Report}: open it in a browser.");
        if (Untrained > 0)
            console.WriteLine(FormattableString.Invariant($"{Untrained} {(Untrained == 1 ? "training is" : "trainings are")} left by the budget. Run the same command again to go on."));
    }
}
