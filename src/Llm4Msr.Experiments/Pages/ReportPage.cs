using System.Xml.Linq;

namespace Llm4Msr.Experiments.Pages;

/// <summary>A section of the page.</summary>
/// <param name="Id">Of its anchor.</param>
/// <param name="Content">Where there are no data, one line that says which command makes them.</param>
internal sealed record Section(string Id, string Title, params IReadOnlyList<object?> Content)
{
    public static XElement Missing(string sentence, string command) => Html.Classed("p", "missing", sentence, " ", Html.Code(command));
}

/// <summary>The report as one HTML file: no script, nothing fetched, the verdict first.</summary>
public static class ReportPage
{
    /// <summary>Nothing but what stands in the file itself, and of that no script.</summary>
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    public static string Of(ReportFigures figures)
    {
        Section[] sections =
        [
            ResultSections.Comparison(figures), ResultSections.Scenarios(figures), ResultSections.Activity(figures), ResultSections.Calibration(figures),
            TrainingSections.Curves(figures), TrainingSections.Alpha(figures), PaperSections.TAndK(figures), PaperSections.Value(figures), KnowledgeSections.Case(figures),
            KnowledgeSections.Audit(figures), KnowledgeSections.Protocols(figures), DataSections.Data(figures), KnowledgeSections.Quality(figures), DataSections.Cost(figures), PaperSections.Paper(figures),
            DataSections.Again(figures),
        ];
        return Html.Document(new XElement("html", new XAttribute("lang", "en"),
            Html.Of("head",
                new XElement("meta", new XAttribute("charset", "utf-8")),
                new XElement("meta", new XAttribute("http-equiv", "Content-Security-Policy"), new XAttribute("content", Policy)),
                new XElement("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                new XElement("meta", new XAttribute("name", "referrer"), new XAttribute("content", "no-referrer")),
                Html.Of("title", $"{figures.Verdict} – LLM4MSR report"),
                Html.Of("style", Html.Style())),
            Html.Of("body",
                Html.Classed("header", "top",
                    Html.Classed("p", "kind", "LLM4MSR report on ", Html.Foreign(figures.Data.Source), $", {figures.Data.Scenarios.Count} scenarios, {Numbers.Word(figures.Part)} part"),
                    Html.Of("h1", Html.Foreign(figures.Verdict)),
                    figures.VerdictDetail.Select(sentence => Html.P(Html.Foreign(sentence))),
                    Html.Of("nav", new XAttribute("aria-label", "Sections"), sections.Select(s => new XElement("a", new XAttribute("href", $"#{s.Id}"), s.Title)))),
                Html.Of("main", sections.Select(s => new XElement("section", new XAttribute("id", s.Id), Html.Of("h2", s.Title), s.Content))),
                Html.Of("footer", Html.P($"Made by llm4msr {figures.Program}. The figures stand beside this file as JSON and CSV.")))));
    }
}
