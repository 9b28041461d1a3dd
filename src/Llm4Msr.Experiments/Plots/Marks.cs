using Llm4Msr.Evaluation;
using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Series;

namespace Llm4Msr.Experiments.Plots;

/// <summary>What stands on a plot's axes.</summary>
internal static class Marks
{
    private const double WidthOfCategory = 0.7;

    /// <summary>A point for each category with its interval, series beside series.</summary>
    /// <param name="series">Index of this series among all that are drawn.</param>
    /// <param name="of">How many there are.</param>
    public static void AddIntervals(this PlotModel model, int series, int of, IEnumerable<(double? Value, Interval? Interval)> points) =>
        model.AddIntervals(series, points.Select((p, category) => (Beside(category, series, of), p.Value, p.Interval)));

    /// <summary>Where the k-th of several series stands within a category.</summary>
    public static double Beside(int category, int k, int of) => category + WidthOfCategory * ((k + 0.5) / of - 0.5);

    /// <summary>A point with its interval at each place.</summary>
    public static void AddIntervals(this PlotModel model, int series, IEnumerable<(double X, double? Value, Interval? Interval)> points)
    {
        var marks = Scatter(series);
        foreach (var (x, value, interval) in points)
        {
            if (value is not { } y)
                continue;
            if (interval is not null)
            {
                var whisker = new LineSeries { Color = Plot.ColorOf(series), StrokeThickness = 2 };
                whisker.Points.Add(new DataPoint(x, interval.Low));
                whisker.Points.Add(new DataPoint(x, interval.High));
                model.Series.Add(whisker);
            }
            marks.Points.Add(new ScatterPoint(x, y));
        }
        model.Series.Add(marks);
    }

    public static void AddLine(this PlotModel model, int series, IEnumerable<(double X, double Y)> points, bool marked = false)
    {
        var line = new LineSeries { Color = Plot.ColorOf(series), StrokeThickness = 1.6 };
        line.Points.AddRange(points.Select(p => new DataPoint(p.X, p.Y)));
        model.Series.Add(line);
        if (marked)
            model.AddMarks(series, points);
    }

    public static void AddMarks(this PlotModel model, int series, IEnumerable<(double X, double Y)> points)
    {
        var marks = Scatter(series);
        marks.Points.AddRange(points.Select(p => new ScatterPoint(p.X, p.Y)));
        model.Series.Add(marks);
    }

    /// <summary>Where nothing is gained.</summary>
    public static void AddZero(this PlotModel model) =>
        model.Annotations.Add(new LineAnnotation { Type = LineAnnotationType.Horizontal, Y = 0, Color = Plot.Ink, LineStyle = LineStyle.Dash, StrokeThickness = 1 });

    /// <summary>Where what is promised happens.</summary>
    public static void AddDiagonal(this PlotModel model) =>
        model.Annotations.Add(new LineAnnotation { Slope = 1, Intercept = 0, Color = Plot.Ink, LineStyle = LineStyle.Dash, StrokeThickness = 1 });

    /// <summary>A text above a point or below it, which starts there on the left of the plot and ends there on the right, so that it has room.</summary>
    /// <param name="along">How far from left to right the point lies, 0 to 1.</param>
    public static void AddLabel(this PlotModel model, double x, double y, string text, double along, bool below = false)
    {
        const double Beside = 5, Away = 4;
        var (alignment, aside) = along < 1.0 / 3 ? (HorizontalAlignment.Left, Beside) : along > 2.0 / 3 ? (HorizontalAlignment.Right, -Beside) : (HorizontalAlignment.Center, 0);
        model.Annotations.Add(new TextAnnotation
        {
            TextPosition = new DataPoint(x, y),
            Text = text,
            StrokeThickness = 0,
            TextColor = Plot.Ink,
            TextHorizontalAlignment = alignment,
            TextVerticalAlignment = below ? VerticalAlignment.Top : VerticalAlignment.Bottom,
            Offset = new ScreenVector(aside, below ? Away : -Away),
            ClipByXAxis = false,
            ClipByYAxis = false,
        });
    }

    private static ScatterSeries Scatter(int series) => new()
    {
        MarkerType = Plot.MarkerOf(series),
        MarkerSize = 4.5,
        MarkerFill = Plot.ColorOf(series),
    };
}
