using System.Globalization;
using System.Xml.Linq;
using OxyPlot;
using OxyPlot.Axes;

namespace Llm4Msr.Experiments.Plots;

/// <summary>
/// Axes that any plot of a report stands on, and the way from there to SVG. A plot takes its colours and its font from the
/// page, so that the same drawing fits light, dark and paper.
/// </summary>
internal static class Plot
{
    /// <summary>Drawn at the width of a phone, so that letters keep their size there.</summary>
    private const double Width = 400, Height = 260;

    private const string Svg = "http://www.w3.org/2000/svg";

    /// <summary>Series beyond so many look like one another.</summary>
    public const int MostSeries = 8;

    /// <summary>Stands for the page's colour of text; no plot uses such a colour for itself.</summary>
    public static readonly OxyColor Ink = OxyColor.FromRgb(2, 0, 0), Grid = OxyColor.FromRgb(2, 0, 1);

    private static readonly MarkerType[] s_markers = [MarkerType.Circle, MarkerType.Square, MarkerType.Triangle, MarkerType.Diamond];

    /// <summary>Stands for the page's colour of a series.</summary>
    public static OxyColor ColorOf(int series) => OxyColor.FromRgb(1, 0, (byte)(series % MostSeries));

    public static MarkerType MarkerOf(int series) => s_markers[series % s_markers.Length];

    /// <summary>The same mark as a character, for legends.</summary>
    public static string MarkOf(int series) => ((string[])["●", "■", "▲", "◆"])[series % s_markers.Length];

    public static PlotModel Model(Axis horizontal, Axis vertical)
    {
        var model = new PlotModel
        {
            Background = OxyColors.Transparent,
            PlotAreaBorderThickness = new OxyThickness(0),
            DefaultFontSize = 12,
            TextColor = Ink,
            Padding = new OxyThickness(4, 8, 12, 4),
            Culture = CultureInfo.InvariantCulture,
        };
        horizontal.Position = AxisPosition.Bottom;
        vertical.Position = AxisPosition.Left;
        vertical.MajorGridlineStyle = LineStyle.Solid;
        foreach (var axis in new[] { horizontal, vertical })
        {
            axis.MajorGridlineColor = Grid;
            axis.MajorGridlineThickness = 1;
            axis.TicklineColor = axis.AxislineColor = Grid;
            axis.MinorTickSize = 0;
            axis.AxislineStyle = LineStyle.Solid;
            model.Axes.Add(axis);
        }
        (horizontal.AxisTitleDistance, vertical.AxisTitleDistance) = (14, 26); // the page's letters are larger than those that were measured
        return model;
    }

    public static LinearAxis Numbers(string title, string? format = null) => new()
    {
        Title = title,
        StringFormat = format,
        MinimumPadding = 0.06,
        MaximumPadding = 0.06,
        IntervalLength = 50,
    };

    /// <param name="labels">Broken into lines, so that they stand side by side.</param>
    public static CategoryAxis Categories(string title, IReadOnlyList<string> labels) => new()
    {
        Title = title,
        ItemsSource = labels.Select(Broken).ToList(),
        IsTickCentered = true,
        Minimum = -0.5,
        Maximum = labels.Count - 0.5,
    };

    /// <param name="id">Unlike that of any other plot of the page.</param>
    /// <param name="alternative">What is to be seen, for those who do not see it.</param>
    public static XElement Draw(PlotModel model, string id, string alternative)
    {
        var drawn = XDocument.Parse(new SvgExporter { Width = Width, Height = Height, IsDocument = false, UseVerticalTextAlignmentWorkaround = true }.ExportToString(model)).Root!;
        foreach (var element in drawn.DescendantsAndSelf().ToList())
        {
            element.Name = element.Name.LocalName;
            foreach (var attribute in element.Attributes().ToList())
                Adapt(element, attribute, id);
        }
        drawn.Attributes().Where(a => a.Name.LocalName is "width" or "height" or "version").Remove();
        drawn.Add(new XAttribute("viewBox", FormattableString.Invariant($"0 0 {Width} {Height}")), new XAttribute("role", "img"), new XAttribute("aria-label", alternative));
        drawn.AddFirst(new XElement("title", alternative));
        return drawn;
    }

    private static void Adapt(XElement element, XAttribute attribute, string id)
    {
        if (attribute.IsNamespaceDeclaration || attribute.Name.LocalName == "font-family" || attribute.Value == Svg)
            attribute.Remove();
        else if (attribute.Name == "id")
            attribute.Value = $"{id}-{attribute.Value}";
        else if (attribute.Name == "clip-path")
            attribute.Value = attribute.Value.Replace("url(#", $"url(#{id}-", StringComparison.Ordinal);
        else if (attribute.Name.LocalName is "style" or "fill" or "stroke" && element.Name != "clipPath")
            attribute.Value = OnPage(attribute.Value);
    }

    private static string OnPage(string colours)
    {
        for (var series = 0; series < MostSeries; series++)
            colours = colours.Replace(FormattableString.Invariant($"rgb(1,0,{series})"), FormattableString.Invariant($"var(--series-{series})"), StringComparison.Ordinal);
        return colours.Replace("rgb(2,0,0)", "var(--ink)", StringComparison.Ordinal).Replace("rgb(2,0,1)", "var(--line)", StringComparison.Ordinal);
    }

    private static string Broken(string label)
    {
        const int Longest = 12, MostLines = 3;
        List<string> lines = [""];
        foreach (var word in label.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + word.Length >= Longest)
                lines.Add("");
            lines[^1] = $"{lines[^1]} {word}".Trim();
        }
        return string.Join("\n", lines.Take(MostLines).Select(line => line.Length > Longest + 2 ? line[..Longest] + "…" : line));
    }
}
