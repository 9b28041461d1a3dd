using System.Globalization;
using System.Xml.Linq;
using Llm4Msr.Evaluation;
using Llm4Msr.Experiments.Pages;
using Llm4Msr.Testing;

namespace Llm4Msr.Experiments.Tests;

/// <summary>The page that figures make.</summary>
public sealed class ReportPageTests : IDisposable
{
    private const string Hostile = "</style><script>alert(1)</script><img src=http://example.com/x onerror=alert(1)>\u0001\u202Eback \uD800 &amp;";

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>The page is put together as a tree: text that looks like markup, or that no document may hold, stays text.</summary>
    [Fact]
    public void TextFromOutsideIsNeverMarkup()
    {
        var page = ReportPage.Of(SampleReport.Figures(Hostile));

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u0001', page);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostileTextRunsNothingAndFetchesNothing()
    {
        Browser.Required();
        File.WriteAllText(_scratch["hostile.html"], ReportPage.Of(SampleReport.Figures(Hostile)));

        var seen = await Browser.Opened(_scratch["hostile.html"]);

        Assert.Empty(seen.Complaints);
        Assert.Equal([$"file://{_scratch["hostile.html"]}"], seen.Requests);
        Assert.Equal(360, seen.Width);
        Assert.Equal(0, seen.Scripts);
        Assert.Contains("<script>alert(1)</script>", seen.Text, StringComparison.Ordinal);
    }

    /// <summary>A mark and an interval for every policy whose hours are known, where its hours and its gain say.</summary>
    [Fact]
    public void TheCostPlotHasAPointForEveryPolicy()
    {
        PolicyResult[] policies =
        [
            new("none", 0, 0, 0.6, 0, 0, 0), new("scenario level only", 0, 0.0012, 0.601, 0.001, -0.002, 0.004), new("top 10 % of users", 60, 0.4, 0.61, 0.01, 0.004, 0.016),
            new("top 50 % of users", 300, 1.5, 0.615, 0.015, 0.008, 0.022), new("all users", 600, 2, 0.616, 0.016, 0.009, 0.023), new("hours not known", 9, null, 0.7, 0.1, 0.05, 0.15),
        ];

        var section = SampleReport.Sections(SampleReport.Figures() with { Value = new ValueResult("Stop.", policies) })["value"];

        var marks = Marks(Assert.Single(section.Descendants("svg")));
        Assert.Equal(5, marks.Count);
        AssertOnOneScale([0, 0.0012, 0.4, 1.5, 2], [.. marks.Select(m => m.X)]);
        AssertOnOneScale([0, 0.001, 0.01, 0.015, 0.016], [.. marks.Select(m => m.Y)]);
        Assert.All(policies[..5], policy => AssertInside(section, policy.Policy));
        Assert.Equal(["0.00", "0.0012", "0.40", "1.50", "2.00", ""], section.Descendants("tbody").Single().Elements("tr").Select(row => row.Elements().ElementAt(2).Value));
    }

    /// <summary>Points come in the order of K or T, however the arms are ordered, and the other letter's are not among them.</summary>
    [Fact]
    public void TheCurvesOfTAndKHaveAPointForEveryFinishedArm()
    {
        ReproducedResult figure = new("figure4",
            [
                Line("none", null), Line("K = 2", 0.02), Line("K = 1", 0.01), Line("K = 4", 0.005), Line("K = 3", 0.015), Line("T = 15, a.db", 0.012), Line("T = 5, b.db", 0.004), Line("T = 30, c.db", 0.02),
                Line("T not known, d.db", 0.4),
            ], "the paper says", [], []);

        var drawn = SampleReport.Sections(SampleReport.Figures() with { Reproduced = [figure] })["figure4"].Descendants("svg").ToList();

        Assert.Equal(2, drawn.Count);
        var (k, t) = (Marks(drawn[0]), Marks(drawn[1]));
        AssertOnOneScale([1, 2, 3, 4], [.. k.Select(m => m.X)]);
        AssertOnOneScale([0.01, 0.02, 0.015, 0.005], [.. k.Select(m => m.Y)]);
        AssertOnOneScale([5, 15, 30], [.. t.Select(m => m.X)]);
        AssertOnOneScale([0.004, 0.012, 0.02], [.. t.Select(m => m.Y)]);

        static ReproducedLine Line(string arm, double? gain) => new(arm, gain is null ? null : "none", arm, [], [], gain is { } g
            ? new OverBaseline(new AucDifference("mean", 0.6, 0.6 + g, g, new Interval(g - 0.003, g + 0.003), 0.0015, 0.004, null, null)) : null, "");
    }

    /// <summary>The label stands where nothing cuts it off, and no other stands on it.</summary>
    private static void AssertInside(XElement section, string label)
    {
        const double Letter = 6;
        var text = section.Descendants("text").Single(t => t.Value == label);
        var (place, length) = (Place(text), Letter * label.Length);
        var left = place.X - text.Attribute("text-anchor")!.Value switch { "end" => length, "middle" => length / 2, _ => 0 };
        foreach (var clip in text.Ancestors().Select(a => a.Attribute("clip-path")?.Value["url(#".Length..^1]).OfType<string>())
        {
            var seen = section.Descendants("clipPath").Single(c => c.Attribute("id")!.Value == clip).Element("rect")!;
            Assert.InRange(left, Number(seen, "x"), Number(seen, "x") + Number(seen, "width") - length);
            Assert.InRange(place.Y, Number(seen, "y") + 10, Number(seen, "y") + Number(seen, "height"));
        }
        Assert.DoesNotContain(section.Descendants("text"), other => other != text && Math.Abs(Place(other).X - place.X) < length && Math.Abs(Place(other).Y - place.Y) < 6);
    }

    private static (double X, double Y) Place(XElement text)
    {
        var numbers = text.Attribute("transform")!.Value["translate(".Length..].Split(')')[0].Split(',');
        return (double.Parse(numbers[0], CultureInfo.InvariantCulture), double.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Centres of the round marks, in the order in which they are drawn.</summary>
    private static List<(double X, double Y)> Marks(XElement svg) => [.. svg.Descendants("ellipse").Select(e => (Number(e, "cx"), Number(e, "cy")))];

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    /// <summary>Places on a plot are values times a scale plus a shift, to a tenth of a pixel.</summary>
    private static void AssertOnOneScale(double[] values, double[] places)
    {
        Assert.Equal(values.Length, places.Length);
        var (least, most) = (Array.IndexOf(values, values.Min()), Array.IndexOf(values, values.Max()));
        var scale = (places[most] - places[least]) / (values[most] - values[least]);
        Assert.True(Math.Abs(places[most] - places[least]) > 50);
        Assert.All(values.Zip(places), p => Assert.Equal(places[least] + scale * (p.First - values[least]), p.Second, 0.1));
    }
}
