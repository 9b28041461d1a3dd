using System.Reflection;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Llm4Msr.Experiments.Pages;

/// <summary>
/// HTML as a tree. Whatever is put into it as text stays text: nothing here takes markup apart from elements, so that no title
/// and no answer of a language model can become one.
/// </summary>
internal static class Html
{
    private const char Unknown = '\uFFFD';

    private static readonly HashSet<string> s_void = ["meta", "br", "hr"];

    public static XElement Of(string name, params object?[] content) => new(name, content);

    /// <summary>The same with a class.</summary>
    public static XElement Classed(string name, string @class, params object?[] content) => new(name, new XAttribute("class", @class), content);

    public static XElement P(params object?[] content) => Of("p", content);

    /// <summary>Text from outside, which may run the other way: it does not turn around what stands beside it.</summary>
    public static XElement Foreign(string text) => Of("bdi", text);

    public static XElement Code(string text) => Of("code", text);

    public static XElement Details(string summary, params object?[] content) => Of("details", Of("summary", summary), content);

    /// <summary>Scrolls for itself where the window is narrow.</summary>
    /// <param name="caption">What the table holds.</param>
    /// <param name="header">The first column heads its rows, the others hold figures.</param>
    public static XElement Table(string caption, IEnumerable<string> header, IEnumerable<IEnumerable<object?>> rows) => Classed("div", "table",
        Classed("p", "caption", caption),
        new XElement("div", new XAttribute("class", "scroll"), new XAttribute("role", "region"), new XAttribute("tabindex", "0"), new XAttribute("aria-label", caption),
            Of("table",
                Of("thead", Of("tr", header.Select(name => new XElement("th", new XAttribute("scope", "col"), name)))),
                Of("tbody", rows.Select(row => Of("tr", row.Select((cell, k) => k == 0 ? new XElement("th", new XAttribute("scope", "row"), cell) : Of("td", cell))))))));

    /// <summary>Names and what they are.</summary>
    public static XElement Facts(params IEnumerable<(string Name, object? Value)> facts) =>
        Of("dl", facts.Where(f => f.Value is not null).Select(f => Of("div", Of("dt", f.Name), Of("dd", f.Value))));

    public static string Style()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The document as a browser reads it.</summary>
    public static string Document(XElement html)
    {
        foreach (var element in html.DescendantsAndSelf())
        {
            foreach (var attribute in element.Attributes())
                attribute.Value = Clean(attribute.Value);
            if (element.IsEmpty && !s_void.Contains(element.Name.LocalName))
                element.Value = ""; // or it would be written as an opening tag that nothing closes
        }
        foreach (var text in html.DescendantNodes().OfType<XText>())
            text.Value = Clean(text.Value);
        return $"<!DOCTYPE html>\n{html.ToString(SaveOptions.DisableFormatting)}\n";
    }

    /// <summary>Characters that no document may hold are shown as such.</summary>
    private static string Clean(string text)
    {
        if (text.EnumerateRunes().All(IsAllowed))
            return text;
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) // half a character comes as the unknown one
            clean.Append(IsAllowed(rune) ? rune.ToString() : Unknown);
        return clean.ToString();

        static bool IsAllowed(Rune rune) => rune.Value != Unknown && (!rune.IsBmp || XmlConvert.IsXmlChar((char)rune.Value)) && !(Rune.IsControl(rune) && rune.Value is not ('\n' or '\t'));
    }
}
